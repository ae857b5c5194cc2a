package all_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/conversion/ops/all"
)

// tierOne are the operators that every target must take; Constant and Upsample
// never reach the registry: the source lowers them.
var tierOne = strings.Fields(`Conv ConvTranspose MaxPool AveragePool GlobalAveragePool GlobalMaxPool BatchNormalization
	InstanceNormalization LRN Relu LeakyRelu PRelu Elu Selu Sigmoid HardSigmoid HardSwish Tanh Softplus Mish Clip Softmax
	LogSoftmax Gemm MatMul Add Sub Mul Div Pow Sqrt Exp Log Abs Neg Min Max Sum ReduceMean ReduceSum ReduceMax Reshape
	Flatten Transpose Squeeze Unsqueeze Concat Split Slice Gather Pad Resize DepthToSpace SpaceToDepth Identity Dropout
	ConstantOfShape Shape Cast ArgMax QuantizeLinear DequantizeLinear`)

func TestTierOne(t *testing.T) {
	reg := all.Registry()
	for _, name := range tierOne {
		if reg.Get(name) == nil {
			t.Errorf("operator %s is not in the registry", name)
		}
	}
}

func TestDefinitions(t *testing.T) {
	reg := all.Registry()
	for _, name := range reg.Names() {
		d := reg.Get(name)
		if d.Doc == "" || !strings.HasSuffix(d.Doc, ".") {
			t.Errorf("%s: its doc is no sentence: %q", name, d.Doc)
		}
		if len(d.Outputs) == 0 || d.Inputs == nil {
			t.Errorf("%s lists no inputs or no outputs", name)
		}
		for i, p := range d.Inputs {
			if p.Variadic && i != len(d.Inputs)-1 {
				t.Errorf("%s: variadic input %s is not the last", name, p.Name)
			}
		}
	}
}

// TestDefsComplete reads the families' source: every definition that a package
// makes must stand in its Defs, and every family in the registry.
func TestDefsComplete(t *testing.T) {
	reg := all.Registry()
	families := map[string]bool{}
	for _, name := range reg.Names() {
		families[reg.Get(name).Family] = true
	}
	dirs, err := filepath.Glob("../*/defs.go")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no families beside this one: %v", err)
	}
	for _, d := range dirs {
		dir := filepath.Dir(d)
		if family := filepath.Base(dir); !families[family] {
			t.Errorf("family %s has no operator in the registry", family)
		}
		made, listed := definitions(t, dir)
		for _, name := range made {
			if !slices.Contains(listed, name) {
				t.Errorf("%s: %s is not in Defs", dir, name)
			}
		}
		if len(made) == 0 {
			t.Errorf("%s: no definitions found", dir)
		}
	}
}

// definitions lists the package's variables that hold an operator, and those
// that stand in Defs.
func definitions(t *testing.T, dir string) (made, listed []string) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	defs := makers(files)
	for _, f := range files {
		for _, decl := range f.Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				for i, name := range v.Names {
					switch {
					case i >= len(v.Values):
					case name.Name == "Defs":
						listed = append(listed, elements(v.Values[i])...)
					case makesDef(v.Values[i], defs):
						made = append(made, name.Name)
					}
				}
			}
		}
	}
	return made, listed
}

func elements(e ast.Expr) []string {
	var out []string
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	for _, x := range lit.Elts {
		if id, ok := x.(*ast.Ident); ok {
			out = append(out, id.Name)
		}
	}
	return out
}

// makers are the functions that return an *op.Def.
func makers(files []*ast.File) map[string]bool {
	out := map[string]bool{}
	for _, f := range files {
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && returnsDef(fn.Type) {
				out[fn.Name.Name] = true
			}
		}
	}
	return out
}

func returnsDef(f *ast.FuncType) bool {
	return f.Results != nil && len(f.Results.List) == 1 && isDef(f.Results.List[0].Type)
}

// isDef matches *op.Def.
func isDef(e ast.Expr) bool {
	s, ok := e.(*ast.StarExpr)
	if !ok {
		return false
	}
	sel, ok := s.X.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Def"
}

// makesDef tells whether an initialiser is &op.Def{…} or a call of what returns
// one.
func makesDef(e ast.Expr, makers map[string]bool) bool {
	switch x := e.(type) {
	case *ast.UnaryExpr:
		lit, ok := x.X.(*ast.CompositeLit)
		return ok && isDef(&ast.StarExpr{X: lit.Type})
	case *ast.CallExpr:
		switch f := x.Fun.(type) {
		case *ast.Ident:
			return makers[f.Name]
		case *ast.FuncLit:
			return returnsDef(f.Type)
		}
	}
	return false
}
