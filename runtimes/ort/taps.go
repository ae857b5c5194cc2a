//go:build cgo

package ort

import (
	ortgo "github.com/yalue/onnxruntime_go"

	"slipway/runtimes"
)

// tapped returns the model's outputs and the taps, with their types.
func (s *session) tapped(g *graph) ([]value, error) {
	if len(s.options.Taps) == 0 {
		return g.outputs, nil
	}
	isOutput := map[string]bool{}
	for _, v := range g.outputs {
		isOutput[v.name] = true
	}
	for _, tap := range s.options.Taps {
		if !isOutput[tap] {
			isOutput[tap] = true
			s.patch.outputs = append(s.patch.outputs, tap)
		}
	}
	path, remove, err := s.patch.write(s.model, s.beside())
	if err != nil {
		return nil, err
	}
	defer remove()
	_, all, err := s.inspect(path)
	if err != nil {
		return nil, err
	}
	byName := map[string]value{}
	for _, v := range all {
		byName[v.name] = v
	}
	outputs := append([]value(nil), g.outputs...)
	for _, tap := range s.options.Taps {
		v, ok := byName[tap]
		if !ok {
			return nil, runtimes.Refuse(Name, "open", "there is no tensor %q to tap", tap)
		}
		outputs = append(outputs, v)
	}
	return outputs, nil
}

// beside reports whether a patched copy of the model must lie in its folder.
func (s *session) beside() bool { return s.external && besideOnly(ortgo.GetVersion()) }
