package main_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rule forbids packages below from to import packages below any of deny.
type rule struct {
	from   string
	deny   []string
	except []string // packages below from that the rule spares
	why    string
}

// The import directions of the house. A path stands for the package and everything below it.
var rules = []rule{
	{
		"slipway/conversion",
		[]string{"slipway/runtimes", "slipway/profiler", "slipway/project", "slipway/ui", "slipway/cmd", "slipway/assets"},
		nil, "conversion is a pure library",
	},
	{
		"slipway/conversion",
		[]string{"os/exec", "net", "C", "github.com/ebitengine/purego"},
		[]string{"slipway/conversion/testkit"},
		"conversion has no processes, network or native code",
	},
	{"slipway/conversion/tensor", []string{"slipway"}, nil, "tensor is a leaf"},
	{"slipway/conversion/diag", []string{"slipway"}, nil, "diag is a leaf"},
	{"slipway/conversion/filemap", []string{"slipway"}, nil, "filemap is a leaf"},
	{"slipway/conversion/ir", []string{
		"slipway/conversion/op", "slipway/conversion/ops", "slipway/conversion/source", "slipway/conversion/pass",
		"slipway/conversion/target", "slipway/conversion/plan",
	}, nil, "the IR knows no operators"},
	{"slipway/conversion/op", []string{
		"slipway/conversion/ops", "slipway/conversion/source", "slipway/conversion/pass",
		"slipway/conversion/target", "slipway/conversion/plan",
	}, nil, "op is what operators are made of"},
	{"slipway/conversion/ops", []string{
		"slipway/conversion/source", "slipway/conversion/pass", "slipway/conversion/target",
		"slipway/conversion/plan",
	}, nil, "operators know no formats"},
	{"slipway/conversion/source", []string{"slipway/conversion/pass", "slipway/conversion/target", "slipway/conversion/plan"}, nil, "sources only read"},
	{"slipway/conversion/pass", []string{"slipway/conversion/source", "slipway/conversion/plan"}, nil, "passes only rewrite"},
	{"slipway/conversion/target", []string{"slipway/conversion/source", "slipway/conversion/plan"}, nil, "targets only write"},
	{"slipway/runtimes", []string{"slipway/profiler", "slipway/project", "slipway/ui", "slipway/cmd"}, nil, "runtimes are below profiler and project"},
	{"slipway/profiler", []string{"slipway/project", "slipway/ui", "slipway/cmd"}, nil, "the profiler is below project"},
	{"slipway/project", []string{"slipway/ui", "slipway/cmd"}, nil, "the window is a client of project"},
	{"slipway/ui", []string{"slipway/cmd"}, nil, "cmd only wires"},
	{"slipway/assets", []string{"slipway"}, nil, "assets is data"},
	{"slipway/scratch", []string{"slipway"}, nil, "scratch is a leaf"},
	{"slipway", []string{"fyne.io"}, []string{"slipway/ui", "slipway/cmd/studio"}, "Fyne belongs to the window"},
	{"slipway", []string{"github.com/ebitengine/purego", "github.com/yalue/onnxruntime_go"}, []string{"slipway/runtimes"}, "vendor libraries belong to their adapter"},
	{"slipway", []string{"github.com/sqweek/dialog"}, []string{"slipway/cmd/studio-file-dialog"}, "native dialogs are a program of their own"},
}

// Folders whose children are siblings and never import each other, with the children that all of them share. A child
// named "all" lists the others and may import every one.
var siblings = map[string][]string{
	"slipway/conversion/ops":    {"internal"},
	"slipway/conversion/source": nil,
	"slipway/conversion/target": {"internal"},
	"slipway/runtimes":          {"internal", "library", "task"},
	"slipway/ui/panels":         nil,
}

// Children of slipway/runtimes that are no adapters and build on others.
var notAdapters = []string{"slipway/runtimes/worker", "slipway/runtimes/conform", "slipway/runtimes/serve", "slipway/runtimes/all"}

// excepted imports break a rule for a reason; one that is there no longer fails the test, so that the list shrinks.
var excepted = map[[2]string]string{
	{"slipway/conversion/ops/microsoft", "slipway/conversion/ops/conv"}: "a fused convolution is read as a convolution",
	{"slipway/conversion/ops/quant", "slipway/conversion/ops/conv"}:     "integer convolutions are the float ones' geometry and loop over other types",
}

func below(pkg, root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") }

func belowAny(pkg string, roots []string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return below(pkg, r) })
}

// violations lists what the imports of pkg break.
func violations(pkg string, imports []string) []string {
	var out []string
	for _, imp := range imports {
		for _, r := range rules {
			if below(pkg, r.from) && !belowAny(pkg, r.except) && belowAny(imp, r.deny) {
				out = append(out, pkg+" imports "+imp+": "+r.why)
			}
		}
		for parent, shared := range siblings {
			a, okA := child(pkg, parent)
			b, okB := child(imp, parent)
			if okA && okB && a != b && a != "all" && !slices.Contains(shared, b) && !belowAny(pkg, notAdapters) {
				out = append(out, pkg+" imports "+imp+": siblings never import each other")
			}
		}
	}
	return out
}

// child returns the name directly below parent on the way to pkg.
func child(pkg, parent string) (string, bool) {
	rest, ok := strings.CutPrefix(pkg, parent+"/")
	name, _, _ := strings.Cut(rest, "/")
	return name, ok
}

func TestImportDirections(t *testing.T) {
	spared := map[[2]string]bool{}
	for _, tags := range []string{"", "headless"} {
		cmd := exec.Command("go", "list", "-e", "-tags", tags, "-json=ImportPath,Imports", "slipway/...")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		n := 0
		for d := json.NewDecoder(strings.NewReader(string(out))); ; n++ {
			var p struct {
				ImportPath string
				Imports    []string
			}
			if err := d.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			for _, imp := range p.Imports {
				found := violations(p.ImportPath, []string{imp})
				if edge := [2]string{p.ImportPath, imp}; len(found) > 0 && excepted[edge] != "" {
					spared[edge] = true
					continue
				}
				for _, v := range found {
					t.Error(v)
				}
			}
		}
		if n < 20 {
			t.Errorf("go list named %d packages only", n)
		}
	}
	for edge := range excepted {
		if !spared[edge] {
			t.Errorf("%s imports %s no longer: remove the exception", edge[0], edge[1])
		}
	}
}

// TestModelsKnowNoWindow checks that a panel's state can be tested without a display.
func TestModelsKnowNoWindow(t *testing.T) {
	err := filepath.WalkDir("../../ui", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || path.Base(filepath.ToSlash(file)) != "model.go" {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range f.Imports {
			if p, err := strconv.Unquote(imp.Path.Value); err == nil && below(p, "fyne.io") {
				t.Errorf("%s imports %s", file, p)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestViolationsAreSeen(t *testing.T) {
	for _, c := range []struct {
		pkg, imp string
		bad      bool
	}{
		{"slipway/conversion/tensor", "slipway/conversion/diag", true},
		{"slipway/conversion/pass/fuse", "slipway/runtimes/ort", true},
		{"slipway/conversion/ops/conv", "slipway/conversion/ops/pool", true},
		{"slipway/conversion/ops/conv", "slipway/conversion/ops/internal/window", false},
		{"slipway/conversion/ops/all", "slipway/conversion/ops/pool", false},
		{"slipway/runtimes/ort", "slipway/runtimes/openvino", true},
		{"slipway/runtimes/ort", "slipway/runtimes/library", false},
		{"slipway/runtimes/worker/guest", "slipway/runtimes/ort", false},
		{"slipway/ui/panels/graph", "slipway/ui/panels/test", true},
		{"slipway/ui/panels/graph", "fyne.io/fyne/v2", false},
		{"slipway/project", "fyne.io/fyne/v2", true},
		{"slipway/cmd/studio", "slipway/ui", false},
		{"slipway/conversion/plan", "slipway/conversion/target/all", false},
		{"slipway/conversion/opsx", "slipway/conversion/source", false},
	} {
		if got := len(violations(c.pkg, []string{c.imp})) > 0; got != c.bad {
			t.Errorf("%s imports %s: a violation %v, want %v", c.pkg, c.imp, got, c.bad)
		}
	}
}
