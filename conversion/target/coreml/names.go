package coreml

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"slipway/conversion/schema/mil"
	"slipway/conversion/target"
)

var _ target.Namer = Target{}

// Tensors lists the results of the package at path, by their names in the source
// model where its metadata tells them.
func (Target) Tensors(_ context.Context, path string) ([]string, error) {
	root, err := mil.Root(path)
	if err != nil {
		return nil, fmt.Errorf("coreml: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(path, root))
	if err != nil {
		return nil, fmt.Errorf("coreml: %w", err)
	}
	m, err := mil.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("coreml: %s: %w", path, err)
	}
	var out []string
	for _, o := range m.Main.Ops {
		if o.Type == "const" || strings.HasPrefix(o.Type, "constexpr_") {
			continue
		}
		for _, v := range o.Outputs {
			out = append(out, m.Source(v.Name))
		}
	}
	return out, nil
}
