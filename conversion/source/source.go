package source

import (
	"context"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/op"
)

// Source reads one file format.
type Source interface {
	Name() string // "onnx"
	// Match says from the first bytes (at most 4 KB) and the file's name whether
	// it is this format. Content wins over the name.
	Match(head []byte, path string) bool
	// Open reads the model. Constant tensors may alias a memory map that lives
	// until Model.Close. Errors are diag findings that name file, place and cure.
	Open(ctx context.Context, path string, o Options) (*Model, error)
}

// Options for opening.
type Options struct {
	Registry *op.Registry
	// InputShapes fixes input shapes by name before inference.
	InputShapes map[string][]int64
	// NoMap reads files into memory instead of mapping them: for the window's
	// process, where a file truncated under a map would be a SIGBUS.
	NoMap bool
	// KeepUnknown keeps operators that are not understood as opaque nodes, so
	// that the graph can be drawn; findings list them. Such a graph cannot be
	// converted.
	KeepUnknown bool
}

// Model is an opened file.
type Model struct {
	Graph    *ir.Graph
	Format   string // "ONNX"
	Version  string // "opset 17, IR 8"
	Producer string
	Files    []string // all files it consists of, the main one first
	Findings diag.List
	Close    func() error // releases maps; never nil
}
