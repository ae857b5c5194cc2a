package openvino

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"slipway/conversion/target"
)

var _ target.Tapper = Target{}

// tapFile is the part of an IR file that Tap reads.
type tapFile struct {
	Layers []struct {
		ID      int `xml:"id,attr"`
		Outputs []struct {
			ID    int    `xml:"id,attr"`
			Names string `xml:"names,attr"`
		} `xml:"output>port"`
	} `xml:"layers>layer"`
}

// Tap writes a copy of the artefact at path into dir with a Result for each of
// the named tensors behind the results that it has, and returns the copy's .xml.
// The .bin file is linked, or copied where the file system cannot link.
func (Target) Tap(ctx context.Context, path string, tensors []string, dir string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("openvino: %w", err)
	}
	var f tapFile
	if err := xml.Unmarshal(text, &f); err != nil {
		return "", fmt.Errorf("openvino: %s: %w", path, err)
	}
	type place struct{ layer, port int }
	at := map[string]place{}
	next := 0
	for _, l := range f.Layers {
		next = max(next, l.ID+1)
		for _, p := range l.Outputs {
			for _, n := range splitNames(p.Names) {
				at[n] = place{l.ID, p.ID}
			}
		}
	}
	var layers, edges bytes.Buffer
	lw, ew := newXMLWriter(&layers), newXMLWriter(&edges)
	for _, t := range tensors {
		p, ok := at[t]
		if !ok {
			return "", fmt.Errorf("openvino: %s has no tensor %q", path, t)
		}
		lw.layer(&layer{id: next, name: t + "/tap", typ: "Result", version: "opset1", in: []port{{&layer{id: p.layer, out: make([]outPort, 1)}, 0}}})
		ew.edge(p.layer, p.port, next, 0)
		next++
	}
	lw.Flush()
	ew.Flush()
	text = insertBefore(text, "\t</layers>", layers.Bytes())
	text = insertBefore(text, "\t</edges>", edges.Bytes())
	base := strings.TrimSuffix(filepath.Base(path), ".xml") + "_tapped"
	out := filepath.Join(dir, base+".xml")
	if err := os.WriteFile(out, text, 0o600); err != nil {
		return "", fmt.Errorf("openvino: %w", err)
	}
	if err := linkOrCopy(ctx, strings.TrimSuffix(path, ".xml")+".bin", filepath.Join(dir, base+".bin")); err != nil {
		return "", fmt.Errorf("openvino: %w", err)
	}
	return out, nil
}

func insertBefore(text []byte, mark string, more []byte) []byte {
	i := bytes.LastIndex(text, []byte(mark))
	if i < 0 {
		return text
	}
	return bytes.Join([][]byte{text[:i], more, text[i:]}, nil)
}

// splitNames splits a list at the commas that escapeName did not escape.
func splitNames(s string) []string {
	if s == "" {
		return nil
	}
	var out []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == ',':
			b.WriteByte(',')
			i++
		case s[i] == ',':
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(out, b.String())
}

func linkOrCopy(ctx context.Context, from, to string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if os.Link(from, to) == nil {
		return nil
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := dst.ReadFrom(src); err != nil {
		dst.Close()
		return err
	}
	return dst.Close()
}
