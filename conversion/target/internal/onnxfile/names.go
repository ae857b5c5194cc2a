package onnxfile

import (
	"context"
	"fmt"
	"os"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/schema/protofield"
)

// Field numbers of the messages on the way to a node's outputs (onnx.proto).
const (
	modelGraph = 7
	graphNode  = 1
	nodeOutput = 2
)

// Tensors lists the names of all node outputs of the model file at path.
func Tensors(_ context.Context, path string) ([]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []string
	err = fields(b, modelGraph, func(graph []byte) error {
		return fields(graph, graphNode, func(node []byte) error {
			return fields(node, nodeOutput, func(name []byte) error {
				if len(name) > 0 {
					out = append(out, string(name))
				}
				return nil
			})
		})
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}

// fields calls f with every length-delimited field of that number in a message.
func fields(b []byte, number protowire.Number, f func([]byte) error) error {
	return protofield.Each(b, func(num protowire.Number, _ uint64, p []byte) error {
		if num != number || p == nil {
			return nil
		}
		return f(p)
	})
}
