package randomgraph

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	ops "slipway/conversion/ops/all"
)

// number reads an environment variable.
func number(t *testing.T, name string, def uint64) uint64 {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return def
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// budget is how many graphs a run draws, from which seed, and when it ends:
// GRAPHS and GRAPH_SEED, else 1000 or as many as fit in a minute where CI is set,
// 200 without it and 50 in short form, always from the same seed: how fast a
// machine is must not decide which graphs it sees beyond those tried before.
func budget(t *testing.T) (count, seed uint64, end time.Time) {
	t.Helper()
	def := uint64(200)
	end = time.Now().Add(time.Hour * 24)
	switch {
	case testing.Short():
		def = 50
	case os.Getenv("CI") != "" && os.Getenv("GRAPHS") == "":
		def, end = 1000, time.Now().Add(time.Minute)
	}
	return number(t, "GRAPHS", def), number(t, "GRAPH_SEED", 1), end
}

// TestGraphs draws graphs and runs every check on them. What fails is made small
// and left in testdata/found.
func TestGraphs(t *testing.T) {
	reg := ops.Registry()
	count, first, end := budget(t)
	checks := internal()
	rts, every := vendors(t)
	for _, r := range rts {
		checks = append(checks, r.Check())
	}
	inner := len(checks) - len(rts)
	spent := make([]time.Duration, len(checks))
	begin := time.Now()
	found := map[string]int{}
	nodes, drawn := 0, 0
	for seed := first; seed < first+count && time.Now().Before(end); seed++ {
		if drawn++; drawn%10000 == 0 {
			t.Logf("%d of %d graphs, %d checks found differences", drawn, count, len(found))
		}
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
			if i >= inner && seed%every[i-inner] != 0 {
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
	t.Logf("%d graphs of %d nodes from seed %d in %v: %.0f a second", drawn, nodes, first, d.Round(time.Millisecond), float64(drawn)/d.Seconds())
	for i, k := range checks {
		t.Logf("%-24s %8v, %d differences", k.Name, spent[i].Round(time.Millisecond), found[k.Name])
	}
	for _, r := range rts {
		t.Logf("%s ran %d graphs", r.Name, r.Ran)
		why := slices.SortedFunc(maps.Keys(r.Refused), func(a, b string) int { return r.Refused[b] - r.Refused[a] })
		for _, w := range why[:min(len(why), 12)] {
			t.Logf("  refused %5d: %s", r.Refused[w], w)
		}
	}
}
