package openvino

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"slipway/runtimes"
)

// The C API cannot add outputs to a model, but the IR is text: a tap is one
// more Result layer and one more edge.

type irPort struct {
	layer, port, precision string
	dims                   []string
}

// irScan is what tapping needs to know of an IR file.
type irScan struct {
	byTensor  map[string]irPort // by the output port's tensor names
	byLayer   map[string]irPort // by the layer's name, its first output
	lastID    int
	layersEnd int64 // offset of </layers>
	edgesEnd  int64 // offset of </edges>, of the outermost network
}

// tappedFile writes a copy of the IR at path in which every name in taps, a
// tensor's or a layer's, is one more output, in that order after the model's
// own, into dir.
func tappedFile(path string, taps []string, dir string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", runtimes.Refuse(Name, "open", "%v", err)
	}
	scan, err := scanIR(text)
	if err != nil {
		return "", runtimes.Refuse(Name, "open", "%s: %v", path, err)
	}
	var layers, edges strings.Builder
	for i, tap := range taps {
		p, ok := scan.byTensor[tap]
		if !ok {
			p, ok = scan.byLayer[tap]
		}
		if !ok {
			return "", runtimes.Refuse(Name, "open", "there is no tensor %q to tap", tap)
		}
		id := scan.lastID + 1 + i
		fmt.Fprintf(&layers, `<layer id="%d" name="slipway_tap_%d" type="Result" version="opset1"><input><port id="0" precision="%s">`, id, i, p.precision)
		for _, d := range p.dims {
			fmt.Fprintf(&layers, "<dim>%s</dim>", d)
		}
		layers.WriteString("</port></input></layer>\n")
		fmt.Fprintf(&edges, "<edge from-layer=\"%s\" from-port=\"%s\" to-layer=\"%d\" to-port=\"0\"/>\n", p.layer, p.port, id)
	}
	f, err := os.Create(filepath.Join(dir, "tapped.xml"))
	if err != nil {
		return "", fmt.Errorf("openvino: tapped model: %w", err)
	}
	_, err = io.Copy(f, io.MultiReader(
		bytes.NewReader(text[:scan.layersEnd]), strings.NewReader(layers.String()),
		bytes.NewReader(text[scan.layersEnd:scan.edgesEnd]), strings.NewReader(edges.String()),
		bytes.NewReader(text[scan.edgesEnd:])))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("openvino: tapped model: %w", err)
	}
	return f.Name(), nil
}

// scanIR reads the outermost network only: the bodies of If and Loop lie deeper.
func scanIR(text []byte) (*irScan, error) {
	s := &irScan{byTensor: map[string]irPort{}, byLayer: map[string]irPort{}, layersEnd: -1, edgesEnd: -1}
	d := xml.NewDecoder(bytes.NewReader(text))
	var stack []string
	var id, name string
	var port *irPort
	var tensors []string
	for {
		start := d.InputOffset()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			stack = append(stack, t.Name.Local)
			switch strings.Join(stack, "/") {
			case "net/layers/layer":
				id, name = attr(t, "id"), attr(t, "name")
				n, err := strconv.Atoi(id)
				if err != nil {
					return nil, fmt.Errorf("layer %q has id %q", name, id)
				}
				s.lastID = max(s.lastID, n)
			case "net/layers/layer/output/port":
				port = &irPort{layer: id, port: attr(t, "id"), precision: attr(t, "precision")}
				tensors = splitNames(attr(t, "names"))
			}
		case xml.CharData:
			if port != nil && stack[len(stack)-1] == "dim" {
				port.dims = append(port.dims, strings.TrimSpace(string(t)))
			}
		case xml.EndElement:
			switch strings.Join(stack, "/") {
			case "net/layers":
				s.layersEnd = start
			case "net/edges":
				s.edgesEnd = start
			case "net/layers/layer/output/port":
				for _, n := range tensors {
					s.byTensor[n] = *port
				}
				if _, ok := s.byLayer[name]; !ok {
					s.byLayer[name] = *port
				}
				port = nil
			}
			stack = stack[:len(stack)-1]
		}
	}
	if s.layersEnd < 0 || s.edgesEnd < s.layersEnd {
		return nil, errors.New("this is no OpenVINO IR")
	}
	return s, nil
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// splitNames splits the "names" attribute at its commas; a backslash keeps a
// comma that belongs to a name.
func splitNames(s string) []string {
	if s == "" {
		return nil
	}
	var out []string
	var cur strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == ',':
			i++
			cur.WriteByte(',')
		case s[i] == ',':
			out = append(out, cur.String())
			cur.Reset()
		default:
			cur.WriteByte(s[i])
		}
	}
	return append(out, cur.String())
}
