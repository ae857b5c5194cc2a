package onnx

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/filemap"
	"slipway/conversion/ir"
	"slipway/conversion/source"
)

// Source reads ONNX files. It has no state.
type Source struct{}

// Name is "onnx".
func (Source) Name() string { return "onnx" }

// Match accepts what starts like a ModelProto, and an empty or unreadable file
// that is at least called .onnx, so that its finding speaks of ONNX.
func (Source) Match(head []byte, path string) bool {
	return looksLikeModel(head)
}

// What the reader accepts.
const (
	minOpset, maxOpset = 7, 28
	minIR, maxIR       = 1, 14
)

// Open reads the model at path. Every error is a *diag.Finding or a diag.List
// that names the file; nothing is kept open then.
func (Source) Open(ctx context.Context, path string, o source.Options) (*source.Model, error) {
	m, err := open(ctx, path, o)
	if err != nil {
		l := diag.FromError("onnx.unreadable", err)
		cure(l)
		for _, f := range l {
			if f.File == "" {
				f.File = path
			}
		}
		if len(l) == 1 {
			return nil, l[0]
		}
		return nil, l
	}
	cure(m.Findings) // of a model that is kept though it cannot be converted
	return m, nil
}

func open(ctx context.Context, path string, o source.Options) (_ *source.Model, err error) {
	if o.Registry == nil {
		return nil, diag.Errorf("onnx.internal", "no operators to read with")
	}
	file, err := filemap.Open(path, o.NoMap)
	if err != nil {
		return nil, diag.Errorf("onnx.unreadable", "cannot be opened: %v", err)
	}
	ext := &external{dir: filepath.Dir(path), noMap: o.NoMap}
	defer func() {
		ext.closeFiles()
		if err != nil {
			ext.close()
			file.Close()
		}
	}()
	if len(file.Bytes()) == 0 {
		return nil, diag.Errorf("onnx.empty", "the file is empty")
	}
	d := &decoder{base: file.Bytes()}
	p, err := d.model(d.base)
	if err != nil {
		return nil, err
	}
	im := newImporter(ctx, d, o, ext)
	g, err := im.model(p)
	if err != nil {
		return nil, err
	}
	for _, f := range im.findings {
		f.File = path
	}
	if err := im.findings.Err(); err != nil && !o.KeepUnknown {
		return nil, err
	}
	return &source.Model{
		Graph: g, Format: "ONNX", Version: version(p), Producer: strings.TrimSpace(p.producer + " " + p.producerVersion),
		Files: append([]string{path}, ext.paths()...), Findings: im.findings,
		Close: func() error {
			e := ext.close()
			if err := file.Close(); err != nil {
				return err
			}
			return e
		},
	}, nil
}

func version(p *modelProto) string {
	var b strings.Builder
	last := int64(-1) // the default domain has two names, and some exporters import it by both
	for _, o := range p.opsets {
		if isDefault(o.domain) && o.version != last {
			last = o.version
			fmt.Fprintf(&b, "opset %d, ", o.version)
		}
	}
	fmt.Fprintf(&b, "IR %d", p.irVersion)
	for _, o := range p.opsets {
		if !isDefault(o.domain) {
			fmt.Fprintf(&b, ", %s %d", clip(o.domain), o.version)
		}
	}
	return b.String()
}

// meta keeps what the file says of itself.
func meta(g *ir.Graph, p *modelProto) {
	set := func(k, v string) {
		if v != "" {
			g.Meta[k] = v
		}
	}
	set("producer", strings.TrimSpace(p.producer+" "+p.producerVersion))
	set("domain", p.domain)
	set("doc", p.doc)
	if p.modelVersion != 0 {
		set("model_version", fmt.Sprint(p.modelVersion))
	}
	for _, kv := range p.props {
		set(ir.MetaPrefix+kv[0], kv[1])
	}
}

func isDefault(domain string) bool { return domain == "" || domain == "ai.onnx" }

// qualified is the operator's name in the registry.
func qualified(domain, op string) string {
	if isDefault(domain) {
		return op
	}
	return domain + "." + op
}
