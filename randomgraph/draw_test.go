package randomgraph

import (
	"testing"

	"slipway/conversion/ir"
	ops "slipway/conversion/ops/all"
)

// TestEveryOperator: each registered operator has a generator or a reason.
func TestEveryOperator(t *testing.T) {
	reg := ops.Registry()
	for _, name := range reg.Names() {
		_, drawn := generators[name]
		_, excluded := Excluded[name]
		switch {
		case !drawn && !excluded:
			t.Errorf("%s has neither a generator nor a reason among the Excluded", name)
		case drawn && excluded:
			t.Errorf("%s has a generator and stands among the Excluded", name)
		}
	}
	for name, why := range Excluded {
		if reg.Get(name) == nil || why == "" {
			t.Errorf("%s stands among the Excluded (%q) and is no operator", name, why)
		}
	}
	for _, name := range Names() {
		if reg.Get(name) == nil {
			t.Errorf("%s has a generator and is no operator", name)
		}
	}
}

// TestGenerators: each one gives nodes, and none that its operator refuses.
func TestGenerators(t *testing.T) {
	reg := ops.Registry()
	for _, name := range Names() {
		if reg.Get(name) == nil {
			continue
		}
		drawn := 0
		for seed := uint64(0); seed < 60; seed++ {
			c, err := Draw(reg, seed, name)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
			drawn += len(c.Graph.Nodes)
		}
		if drawn < 60 {
			t.Errorf("%s: %d nodes in 60 graphs", name, drawn)
		}
	}
}

// TestReplay: a seed gives the same graph and the same values each time, and
// what the text says is what was drawn.
func TestReplay(t *testing.T) {
	reg := ops.Registry()
	for seed := uint64(0); seed < 50; seed++ {
		a, err := Draw(reg, seed)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Draw(reg, seed)
		if err != nil {
			t.Fatal(err)
		}
		if a.Text() != b.Text() {
			t.Errorf("seed %d gave two graphs:\n%s\n%s", seed, a.Text(), b.Text())
		}
		c, err := ParseCase(a.Text(), reg)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, a.Text())
		}
		if c.Text() != a.Text() {
			t.Errorf("seed %d: read back as\n%s\nnot\n%s", seed, c.Text(), a.Text())
		}
		if err := ir.Check(a.Graph); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}
