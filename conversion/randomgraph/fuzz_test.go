package randomgraph

import (
	"os"
	"strconv"
	"testing"
	"time"

	ops "slipway/conversion/ops/all"
)

// budget is how many graphs a run draws and from which seed: GRAPHS and
// GRAPH_SEED, else 400 from a fixed seed.
func budget(t *testing.T) (count int, seed uint64) {
	t.Helper()
	count, seed = 400, 1
	if s := os.Getenv("GRAPHS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		count = n
	}
	if s := os.Getenv("GRAPH_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	return count, seed
}

// TestGraphs draws graphs and runs every check on them. What fails is made small
// and left in testdata/found.
func TestGraphs(t *testing.T) {
	reg := ops.Registry()
	count, first := budget(t)
	checks := internal()
	var rts []*Runtime
	var every []int
	add := func(r *Runtime, n int) {
		if r != nil {
			checks, rts, every = append(checks, r.Check()), append(rts, r), append(every, n)
		}
	}
	add(against(t, "ort", "onnxruntime", "onnx", 1), 1)
	add(against(t, "openvino", "openvino", "openvino", 20), 32)
	add(against(t, "litert", "litert", "tflite", 20), 4)
	inner := len(checks) - len(rts)
	spent := make([]time.Duration, len(checks))
	begin := time.Now()
	found := map[string]int{}
	nodes := 0
	for seed := first; seed < first+uint64(count); seed++ {
		c, err := Draw(reg, seed)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		nodes += len(c.Graph.Nodes)
		if len(c.Graph.Nodes) == 0 {
			continue
		}
		for i, k := range checks {
			if i >= inner && seed%uint64(every[i-inner]) != 0 {
				continue
			}
			at := time.Now()
			err := k.Try(reg, c)
			spent[i] += time.Since(at)
			if err == nil {
				continue
			}
			if found[k.Name]++; found[k.Name] > 5 {
				continue
			}
			report(t, reg, k, c, err)
		}
	}
	d := time.Since(begin)
	t.Logf("%d graphs of %d nodes from seed %d in %v: %.0f a second", count, nodes, first, d.Round(time.Millisecond), float64(count)/d.Seconds())
	for i, k := range checks {
		t.Logf("%-24s %8v, %d differences", k.Name, spent[i].Round(time.Millisecond), found[k.Name])
	}
	for _, r := range rts {
		t.Logf("%s ran %d graphs", r.Name, r.Ran)
		for why, n := range r.Refused {
			t.Logf("  refused %5d: %s", n, why)
		}
	}
}
