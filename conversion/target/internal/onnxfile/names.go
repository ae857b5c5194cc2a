package onnxfile

import (
	"context"
	"fmt"
	"os"

	"google.golang.org/protobuf/encoding/protowire"
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
	for len(b) > 0 {
		n, typ, k := protowire.ConsumeTag(b)
		if k < 0 {
			return protowire.ParseError(k)
		}
		b = b[k:]
		if n == number && typ == protowire.BytesType {
			v, k := protowire.ConsumeBytes(b)
			if k < 0 {
				return protowire.ParseError(k)
			}
			if err := f(v); err != nil {
				return err
			}
			b = b[k:]
			continue
		}
		if k = protowire.ConsumeFieldValue(n, typ, b); k < 0 {
			return protowire.ParseError(k)
		}
		b = b[k:]
	}
	return nil
}
