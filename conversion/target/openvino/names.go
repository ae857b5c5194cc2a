package openvino

import (
	"context"
	"encoding/xml"
	"fmt"
	"os"

	"slipway/conversion/target"
)

var _ target.Namer = Target{}

// Tensors lists the tensor names that the IR file at path gives its ports.
func (Target) Tensors(_ context.Context, path string) ([]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("openvino: %w", err)
	}
	var f tapFile
	if err := xml.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("openvino: %s: %w", path, err)
	}
	var out []string
	for _, l := range f.Layers {
		for _, p := range l.Outputs {
			out = append(out, splitNames(p.Names)...)
		}
	}
	return out, nil
}
