package onnxfile

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"path/filepath"

	"google.golang.org/protobuf/encoding/protowire"

	"slipway/conversion/target"
	"slipway/conversion/tensor"
)

// Sizes of a model's data.
const (
	externalAbove = 3 << 29 // 1.5 GiB: readers refuse messages of 2 GiB
	externalLeast = 1024    // smaller tensors stay in the model file
	pageSize      = 4096    // side data start on pages, so that they can be mapped
)

// dataSize is the number of bytes of all weights.
func (d *document) dataSize() int64 {
	n := int64(0)
	for _, w := range d.weights {
		n += int64(w.t.Size())
	}
	return n
}

// place decides where each weight's data go; side is the side file's name, ""
// where there is none.
func (d *document) place(side string) (sideSize int64) {
	for _, w := range d.weights {
		size := int64(w.t.Size())
		if side == "" || size < externalLeast {
			w.inline = true
			continue
		}
		w.offset = (sideSize + pageSize - 1) / pageSize * pageSize
		sideSize = w.offset + size
		for _, kv := range [][2]string{{"location", side}, {"offset", fmt.Sprint(w.offset)}, {"length", fmt.Sprint(size)}} {
			w.head = appendBytes(w.head, 13, pair(kv[0], kv[1]))
		}
		w.head = appendInt(w.head, 14, 1)
	}
	return sideSize
}

// writeTo streams the model file.
func (d *document) writeTo(ctx context.Context, out io.Writer) error {
	graph := len(d.before) + len(d.after)
	for _, w := range d.weights {
		graph += protowire.SizeTag(5) + protowire.SizeBytes(w.size())
	}
	if total := graph + len(d.header) + len(d.trailer); total > 1<<31-64 {
		return fmt.Errorf("the model file would have %d bytes, which its readers refuse", total)
	}
	b := bufio.NewWriterSize(out, 1<<20)
	b.Write(d.header)
	b.Write(protowire.AppendVarint(protowire.AppendTag(nil, 7, protowire.BytesType), uint64(graph)))
	b.Write(d.before)
	for _, w := range d.weights {
		b.Write(protowire.AppendVarint(protowire.AppendTag(nil, 5, protowire.BytesType), uint64(w.size())))
		b.Write(w.head)
		if !w.inline || w.t.DType() == tensor.String {
			continue
		}
		b.Write(protowire.AppendVarint(protowire.AppendTag(nil, 9, protowire.BytesType), uint64(w.t.Size())))
		if err := copyData(ctx, b, w.t); err != nil {
			return err
		}
	}
	b.Write(d.after)
	b.Write(d.trailer)
	return b.Flush() // a bufio.Writer keeps its first error
}

// writeSide streams the side file.
func (d *document) writeSide(ctx context.Context, out io.Writer) error {
	b := bufio.NewWriterSize(out, 1<<20)
	at := int64(0)
	zeros := make([]byte, pageSize)
	for _, w := range d.weights {
		if w.inline {
			continue
		}
		b.Write(zeros[:w.offset-at])
		if err := copyData(ctx, b, w.t); err != nil {
			return err
		}
		at = w.offset + int64(w.t.Size())
	}
	return b.Flush()
}

func copyData(ctx context.Context, w io.Writer, t *tensor.Tensor) error {
	defer t.Drop()
	return t.Chunks(func(b []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := w.Write(b)
		return err
	})
}

// create writes one file of the artefact and returns its SHA-256.
func create(dir, name string, write func(io.Writer) error) (string, error) {
	f, err := target.Create(filepath.Join(dir, name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := write(f); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	return f.SHA256(), nil
}
