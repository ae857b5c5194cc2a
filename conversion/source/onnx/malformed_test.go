package onnx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"slipway/conversion/diag"
	ops "slipway/conversion/ops/all"
	"slipway/conversion/source"
	"slipway/conversion/source/all"
	"slipway/conversion/source/onnx"
)

// bad is one broken or hostile file and the finding that it must end in; code ""
// means that it opens.
type bad struct {
	name, code, says string
	data             []byte
	prepare          func(t *testing.T, dir string)
}

func corpus() []bad {
	valid := onnx.ConvModel(nil)
	random := make([]byte, 4096)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	edit := onnx.ConvModel
	w := func(data onnx.Msg) []byte { return edit(func(g *onnx.Parts) { g.Inits = []onnx.Msg{data} }) }
	attr := func(a onnx.Msg) []byte {
		return edit(func(g *onnx.Parts) {
			g.Nodes = []onnx.Msg{onnx.NodeMsg("Conv", "conv1", []string{"x", "w"}, []string{"y"}, a)}
		})
	}
	nodes := func(n ...onnx.Msg) []byte { return edit(func(g *onnx.Parts) { g.Nodes = n }) }
	relu := func(name, in, out string) onnx.Msg { return onnx.NodeMsg("Relu", name, []string{in}, []string{out}) }
	ext := func(kv ...string) []byte { return w(onnx.ExternalMsg(kv...)) }
	side := func(size int) func(*testing.T, string) {
		return func(t *testing.T, dir string) { write(t, filepath.Join(dir, "w.bin"), make([]byte, size)) }
	}
	link := func(to string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Symlink(to, filepath.Join(dir, "w.bin")); err != nil {
				t.Skip(err)
			}
		}
	}
	head := onnx.Msg{}.I(1, 8)
	deep := onnx.Msg{}
	for range 4500 {
		deep = onnx.Msg{}.B(1, onnx.Msg{}.S(4, "If").B(5, onnx.Msg{}.S(1, "then_branch").B(6, deep)))
	}
	chain := func(n int) []byte {
		return edit(func(g *onnx.Parts) {
			g.Nodes, g.Inits = nil, nil
			in := "x"
			for i := range n {
				out := fmt.Sprintf("v%d", i)
				if i == n-1 {
					out = "y"
				}
				g.Nodes = append(g.Nodes, relu(fmt.Sprintf("n%d", i), in, out))
				in = out
			}
			g.Outputs = []onnx.Msg{onnx.InfoMsg("y", 1, 1, 3, 8, 8)}
		})
	}
	fn := onnx.Msg{}.S(1, "F").S(4, "a").S(5, "b").B(7, onnx.Msg{}.S(1, "a").S(2, "b").S(4, "F").S(7, "me")).
		B(9, onnx.Msg{}.S(1, "").I(2, 17)).S(10, "me")
	call := onnx.NodeMsg("F", "call", []string{"x"}, []string{"y"}).S(7, "me")
	return []bad{
		{name: "00_valid", data: valid},
		{name: "01_empty", code: "source.empty", data: nil},
		{name: "02_one_byte", code: "onnx.corrupt", data: []byte{8}},
		{name: "03_random", code: "onnx.corrupt", data: random},
		{name: "04_trunc50", code: "onnx.truncated", data: valid[:len(valid)/2]},
		{name: "05_trunc_last", code: "onnx.truncated", data: valid[:len(valid)-1]},
		{name: "06_text", code: "source.not-a-model", says: "HTML", data: []byte("<!DOCTYPE html><html><body>404</body></html>")},
		{name: "07_lfs_pointer", code: "source.not-a-model", says: "Git LFS pointer", data: []byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n")},
		{name: "08_len_overflow", code: "onnx.corrupt", data: append(head[:len(head):len(head)], 0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)},
		{name: "09_len_2g", code: "onnx.truncated", data: append(append(head[:len(head):len(head)], 0x3a, 0x80, 0x80, 0x80, 0x80, 0x08), make([]byte, 60)...)},
		{name: "10_varint_soup", code: "onnx.corrupt", data: append([]byte{8}, bytes.Repeat([]byte{0xff}, 200)...)},
		{name: "12_pb_recursion4500", code: "onnx.too-deep", data: onnx.ModelMsg(deep, 17)},
		{name: "13_raw_short", code: "onnx.tensor-size", says: "432", data: w(onnx.WeightMsg("w", 1, []int64{4, 3, 3, 3}, make([]byte, 8)))},
		{name: "14_dims_overflow", code: "onnx.tensor-size", data: w(onnx.WeightMsg("w", 1, []int64{1 << 32, 1 << 32}, make([]byte, 8)))},
		{name: "15_dims_negative", code: "onnx.tensor-size", data: w(onnx.WeightMsg("w", 1, []int64{4, -3, 3, 3}, make([]byte, 432)))},
		{name: "16_dims_4tb", code: "onnx.tensor-size", data: w(onnx.WeightMsg("w", 1, []int64{1 << 40}, nil))},
		{name: "16_dims_4tb_raw", code: "onnx.tensor-size", data: w(onnx.WeightMsg("w", 1, []int64{1 << 20, 1 << 20}, []byte{}))},
		{name: "17_dtype99", code: "onnx.element-type", says: "99", data: w(onnx.WeightMsg("w", 99, []int64{4, 3, 3, 3}, make([]byte, 432)))},
		{name: "18_unknown_op", code: "onnx.unknown-operator", says: "NoSuchOp", data: nodes(onnx.NodeMsg("NoSuchOp", "n", []string{"x"}, []string{"y"}))},
		{name: "19_custom_domain", code: "onnx.unknown-operator", says: "evil.lib", data: nodes(onnx.NodeMsg("Op", "n", []string{"x"}, []string{"y"}).S(7, "evil.lib"))},
		{name: "20_opset9999", code: "onnx.opset", says: "9999", data: onnx.ModelMsg(onnx.ConvGraph(), 9999)},
		{name: "21_no_opset", code: "onnx.no-opset", data: onnx.Msg{}.I(1, 8).B(7, onnx.ConvGraph())},
		{name: "22_ir_version", code: "onnx.ir-version", data: onnx.Msg{}.I(1, 900).B(7, onnx.ConvGraph()).B(8, onnx.Msg{}.I(2, 17))},
		{name: "23_cycle", code: "graph.cycle", data: nodes(relu("a", "q", "p"), relu("b", "p", "q"), relu("c", "q", "y"))},
		{name: "24_dangling", code: "onnx.missing-input", says: "nowhere", data: nodes(relu("a", "nowhere", "y"))},
		{name: "25_dup_output", code: "onnx.duplicate-name", data: nodes(relu("a", "x", "y"), relu("b", "x", "y"))},
		{name: "26_conv_group0", code: "onnx.bad-node", data: attr(onnx.IntAttr("group", 0))},
		{name: "27_conv_stride0", code: "onnx.bad-node", data: attr(onnx.IntsAttr("strides", 0, 0))},
		{name: "28_conv_pads", code: "onnx.bad-node", data: attr(onnx.IntsAttr("pads", -1<<40, -1<<40, -1<<40, -1<<40))},
		{name: "29_conv_dil", code: "onnx.bad-node", data: attr(onnx.IntsAttr("dilations", 1<<40, 1<<40))},
		{name: "30_reshape_huge", code: "*", data: edit(func(g *onnx.Parts) {
			g.Nodes = []onnx.Msg{onnx.NodeMsg("ConstantOfShape", "fill", []string{"s"}, []string{"y"})}
			g.Inits = []onnx.Msg{onnx.WeightMsg("s", 7, []int64{2}, []byte{0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x40})}
		})},
		{name: "32_recursive_function", code: "onnx.recursive-function", data: append(edit(func(g *onnx.Parts) {
			g.Nodes = []onnx.Msg{call}
			g.Inits = nil
		}), onnx.Msg{}.B(25, fn)...)},
		{name: "34_ext_valid", data: ext("location", "w.bin", "offset", "4096", "length", "432"), prepare: side(4096 + 432)},
		{name: "35_ext_traversal", code: "onnx.external-path", data: ext("location", "../../etc/passwd")},
		{name: "35_ext_traversal_inside", code: "onnx.external-path", data: ext("location", "sub/../w.bin"), prepare: side(432)},
		{name: "36_ext_abs", code: "onnx.external-path", data: ext("location", "/etc/passwd")},
		{name: "37_ext_missing", code: "onnx.external-missing", says: "w.bin", data: ext("location", "w.bin")},
		{name: "38_ext_off_past", code: "onnx.external-range", data: ext("location", "w.bin", "offset", "9999", "length", "432"), prepare: side(432)},
		{name: "39_ext_off_wrap", code: "onnx.external-range", data: ext("location", "w.bin", "offset", "18446744073709551615", "length", "432"), prepare: side(432)},
		{name: "39_ext_off_max", code: "onnx.external-range", data: ext("location", "w.bin", "offset", "9223372036854775807", "length", "432"), prepare: side(432)},
		{name: "40_ext_neg", code: "onnx.external-range", data: ext("location", "w.bin", "offset", "-8", "length", "432"), prepare: side(432)},
		{name: "40_ext_short", code: "onnx.external-range", data: ext("location", "w.bin"), prepare: side(431)},
		{name: "41_ext_dev", code: "onnx.external-path", data: ext("location", "w.bin"), prepare: link("/dev/zero")},
		{name: "42_ext_symlink", code: "onnx.external-path", data: ext("location", "w.bin"), prepare: link("/etc/passwd")},
		{name: "43_ext_fifo", code: "onnx.external-path", data: ext("location", "w.bin"), prepare: fifo},
		{name: "43_ext_dir", code: "onnx.external-path", data: ext("location", "w.bin"), prepare: func(t *testing.T, dir string) { os.Mkdir(filepath.Join(dir, "w.bin"), 0o700) }},
		{name: "44_ext_ortmem", code: "onnx.external-path", says: "memory", data: ext("location", "*/_ORT_MEM_ADDR_/*", "offset", "4096", "length", "432")},
		{name: "45_evil_names", data: edit(func(g *onnx.Parts) {
			g.Nodes = []onnx.Msg{onnx.NodeMsg("Conv", "\u202e../<script>\x00", []string{"x", "w"}, []string{"y"})}
		})},
		{name: "46_name_1mb", data: edit(func(g *onnx.Parts) {
			g.Nodes = []onnx.Msg{onnx.NodeMsg("Conv", strings.Repeat("n", 1<<20), []string{"x", "w"}, []string{"y"})}
		})},
		{name: "47_20k_nodes", data: chain(20000)},
		{name: "48_sparse", code: "onnx.sparse", data: edit(func(g *onnx.Parts) { g.Extra = onnx.Msg{}.B(15, onnx.Msg{}) })},
		{name: "49_no_output", code: "onnx.no-output", data: edit(func(g *onnx.Parts) { g.Outputs = nil })},
		{name: "50_output_missing", code: "onnx.missing-output", data: edit(func(g *onnx.Parts) { g.Outputs = []onnx.Msg{onnx.InfoMsg("z", 1)} })},
		{name: "51_unread_attribute", code: "onnx.bad-node", says: "mystery", data: attr(onnx.IntAttr("mystery", 3))},
		{name: "52_group", code: "onnx.corrupt", data: append(head[:len(head):len(head)], 0x3b, 0x3c)},
		{name: "53_wire_type", code: "onnx.corrupt", data: onnx.Msg{}.I(1, 8).I(7, 3)},
		{name: "54_two_weights", code: "onnx.duplicate-name", data: edit(func(g *onnx.Parts) { g.Inits = append(g.Inits, g.Inits[0]) })},
		{name: "55_zip", code: "source.unsupported-format", says: "zip", data: []byte("PK\x03\x04 and so on")},
		{name: "56_output_type", code: "onnx.output-type", data: edit(func(g *onnx.Parts) { g.Outputs = []onnx.Msg{onnx.InfoMsg("y", 7, 1, 4, 6, 6)} })},
		{name: "57_function_bomb", code: "onnx.too-many-nodes", data: functionBomb()},
	}
}

// functionBomb calls functions that call each other twice, thirty deep.
func functionBomb() []byte {
	m := onnx.ConvModel(func(g *onnx.Parts) {
		g.Nodes = []onnx.Msg{onnx.NodeMsg("F0", "call", []string{"x"}, []string{"y"}).S(7, "me")}
		g.Inits = nil
	})
	for i := range 30 {
		next := fmt.Sprintf("F%d", i+1)
		f := onnx.Msg{}.S(1, fmt.Sprintf("F%d", i)).S(4, "a").S(5, "b")
		n := func(in, out string) onnx.Msg {
			if i == 29 {
				return onnx.NodeMsg("Relu", "", []string{in}, []string{out})
			}
			return onnx.NodeMsg(next, "", []string{in}, []string{out}).S(7, "me")
		}
		f = f.B(7, n("a", "t")).B(7, n("t", "b")).B(9, onnx.Msg{}.S(1, "").I(2, 17)).S(10, "me")
		m = onnx.Msg(m).B(25, f)
	}
	return m
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestMalformed opens every file of the corpus, mapped and read: the finding has
// the right code and names the file, little is allocated, and nothing hangs.
func TestMalformed(t *testing.T) {
	for _, c := range corpus() {
		for _, noMap := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/nomap=%v", c.name, noMap), func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, c.name+".onnx")
				write(t, path, c.data)
				if c.prepare != nil {
					c.prepare(t, dir)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				m, err := all.Open(context.Background(), path, source.Options{Registry: ops.Registry(), NoMap: noMap})
				runtime.ReadMemStats(&after)
				if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
					t.Errorf("allocated %d MB", n>>20)
				}
				if c.code == "" {
					if err != nil {
						t.Fatal(err)
					}
					if err := m.Close(); err != nil {
						t.Error(err)
					}
					return
				}
				if err == nil {
					m.Close()
					t.Fatal("opened")
				}
				l := diag.FromError("untyped", err)
				if c.code != "*" && l[0].Code != c.code || l[0].Code == "untyped" {
					t.Errorf("code %s, want %s: %v", l[0].Code, c.code, err)
				}
				if !strings.Contains(err.Error(), c.says) || l[0].File != path {
					t.Errorf("%q should name the file and say %q", err, c.says)
				}
				if l[0].Suggestion == "" {
					t.Errorf("%q says no cure", err)
				}
				if len(err.Error()) > 4096 {
					t.Errorf("the message has %d bytes", len(err.Error()))
				}
			})
		}
	}
}

// TestNotFiles opens what is no file at all.
func TestNotFiles(t *testing.T) {
	dir := t.TempDir()
	fifo(t, dir)
	for path, code := range map[string]string{
		dir:                              "source.unreadable",
		filepath.Join(dir, "w.bin"):      "source.unreadable",
		filepath.Join(dir, "none.onnx"):  "source.missing",
		filepath.Join(dir, "a\x00.onnx"): "source.unreadable",
	} {
		_, err := all.Open(context.Background(), path, source.Options{Registry: ops.Registry()})
		var f *diag.Finding
		if !errors.As(err, &f) || f.Code != code || f.File != path {
			t.Errorf("%q: got %v, want %s", path, err, code)
		}
	}
}

// FuzzOpen feeds arbitrary bytes: whatever they are, opening ends in a model or
// in findings.
func FuzzOpen(f *testing.F) {
	for _, c := range corpus() {
		if len(c.data) < 1<<16 {
			f.Add(c.data)
		}
	}
	dir := f.TempDir()
	path := filepath.Join(dir, "fuzz.onnx")
	f.Fuzz(func(t *testing.T, data []byte) {
		write(t, path, data)
		for _, keep := range []bool{false, true} {
			m, err := onnx.Source{}.Open(context.Background(), path, source.Options{Registry: ops.Registry(), NoMap: true, KeepUnknown: keep})
			if err == nil {
				m.Close()
				continue
			}
			if l := diag.FromError("untyped", err); l[0].Code == "untyped" || l[0].File != path || l[0].Code == "onnx.internal" {
				t.Errorf("%v", err)
			}
		}
	})
}
