package all

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"slipway/conversion/diag"
	"slipway/conversion/filemap"
)

// engine recognises what TensorRT builds, by the first bytes of its plans or the
// name, and says what the build file beside it tells: an engine is machine code.
func engine(head []byte, path string) *diag.Finding {
	ext := strings.ToLower(filepath.Ext(path))
	if string(head[:min(len(head), 4)]) != "ftrt" && ext != ".engine" && ext != ".plan" {
		return nil
	}
	text, cure := "this is a TensorRT engine, machine code for one GPU and one version, not a model", "open the ONNX model that it was built from"
	if b := builtBy(strings.TrimSuffix(path, filepath.Ext(path)) + ".build.json"); b != nil {
		text += fmt.Sprintf("; it was built for %s (compute capability %s) by TensorRT %s", b.Built.GPU, b.Built.Compute, b.Built.TensorRT)
		cure = fmt.Sprintf("open %s, which it was built from; for another GPU or version convert that there, or use trtexec with the flags of its build file", b.Model)
	}
	return diag.Errorf("source.engine", "%s", text).Suggest("%s", cure)
}

// note is what is read of a build file.
type note struct {
	Model string `json:"model"`
	Built *struct {
		GPU      string `json:"gpu"`
		Compute  string `json:"compute"`
		TensorRT string `json:"tensorrt"`
	} `json:"built"`
}

// builtBy is nil where the file tells of no engine.
func builtBy(path string) *note {
	if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
		return nil
	}
	f, err := os.OpenFile(path, filemap.OpenFlags, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	n := &note{}
	if err != nil || json.Unmarshal(text, n) != nil || n.Built == nil {
		return nil
	}
	return n
}
