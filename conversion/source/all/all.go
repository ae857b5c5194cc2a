package all

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/filemap"
	"slipway/conversion/source"
	"slipway/conversion/source/coreml"
	"slipway/conversion/source/onnx"
)

// Sources lists the formats that can be read, in the order they are tried.
func Sources() []source.Source { return []source.Source{onnx.Source{}, coreml.Source{}} }

// Open opens the model at path with the source whose format its first bytes
// show; the name decides only where they show none. Errors are diag findings. What no
// format's reader has to know of a model that is wrong in itself is found here.
func Open(ctx context.Context, path string, o source.Options) (*source.Model, error) {
	m, err := open(ctx, path, o)
	if err != nil || o.Registry == nil {
		return m, err
	}
	wrong := o.Registry.CheckScales(m.Graph)
	for _, f := range wrong {
		f.File = path
	}
	if len(wrong) > 0 && !o.KeepUnknown {
		_ = m.Close() // only releases maps
		return nil, wrong
	}
	m.Findings = append(m.Findings, wrong...)
	return m, nil
}

func open(ctx context.Context, path string, o source.Options) (*source.Model, error) {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		for _, s := range Sources() {
			if s.Match(nil, path) {
				return s.Open(ctx, path, o)
			}
		}
	}
	head, err := readHead(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if f := engine(head, path); f != nil {
		return nil, f.In(path)
	}
	if f := notAModel(head, path); f != nil {
		return nil, f.In(path)
	}
	for _, s := range Sources() {
		if s.Match(head, path) {
			return s.Open(ctx, path, o)
		}
	}
	ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	for _, s := range Sources() {
		if s.Name() == ext {
			return s.Open(ctx, path, o) // says where the file is broken
		}
	}
	return nil, diag.Errorf("source.unknown-format", "its first bytes are of no format that can be read").
		In(path).Suggest("formats that can be read: %s", names())
}

func names() string {
	var n []string
	for _, s := range Sources() {
		n = append(n, s.Name())
	}
	return strings.Join(n, ", ")
}

func readHead(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		if st.IsDir() {
			return nil, errors.New("it is a folder")
		}
		return nil, errors.New("it is not a regular file")
	}
	f, err := os.OpenFile(path, filemap.OpenFlags, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return head[:n], nil
}

func unreadable(path string, err error) *diag.Finding {
	if errors.Is(err, fs.ErrNotExist) {
		return diag.Errorf("source.missing", "there is no such file").In(path).Suggest("check the path")
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return diag.Errorf("source.unreadable", "cannot be read: %v", err).In(path)
}

// notAModel recognises what is often mistaken for a model.
func notAModel(head []byte, path string) *diag.Finding {
	text := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"))
	starts := func(b []byte, prefixes ...string) bool {
		for _, p := range prefixes {
			if bytes.HasPrefix(b, []byte(p)) {
				return true
			}
		}
		return false
	}
	is := func(what, cure string) *diag.Finding {
		return diag.Errorf("source.not-a-model", "this is %s, not a model", what).Suggest("%s", cure)
	}
	foreign := func(what, cure string) *diag.Finding {
		return diag.Errorf("source.unsupported-format", "this is %s, which cannot be read yet", what).Suggest("%s", cure)
	}
	switch {
	case len(head) == 0:
		return diag.Errorf("source.empty", "the file is empty").Suggest("fetch or copy the file again")
	case starts(text, "<!doctype html", "<html", "<head", "<body"):
		return is("an HTML page", "the download was answered with a web page: fetch the file itself")
	case starts(text, "version https://git-lfs.github.com/spec"):
		return is("a Git LFS pointer", "run git lfs pull in the repository it came from")
	case starts(head, "PK\x03\x04"):
		return foreign("a zip archive or a PyTorch checkpoint", "export the model to ONNX")
	case starts(head, "\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05") && len(head) > 2:
		return foreign("a Python pickle", "export the model to ONNX; pickles are never run")
	case len(head) > 8 && string(head[4:8]) == "TFL3":
		return foreign("a TensorFlow Lite model", "convert from the model it was made from")
	case starts(head, "\x89HDF\r\n"):
		return foreign("an HDF5 file (Keras)", "export the model to ONNX")
	case starts(head, "\x1f\x8b"):
		return is("a gzip archive", "unpack it first")
	case len(head) > 9 && head[8] == '{' && bytes.Equal(head[4:8], make([]byte, 4)):
		return foreign("a safetensors file, which holds weights without a graph", "export the model to ONNX")
	case starts(text, "<?xml", "<net"):
		return foreign("an XML file (OpenVINO IR?)", "convert from the model it was made from")
	case starts(text, "{", "[") && printable(head):
		return is("a JSON text", fmt.Sprintf("%s should be a model", filepath.Base(path)))
	}
	return nil
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < 9 || c > 13 && c < 32 {
			return false
		}
	}
	return true
}
