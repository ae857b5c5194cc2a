package ir

import "testing"

func TestDimWith(t *testing.T) {
	h, n := Symbol("H"), Symbol("N")
	half := h.AddInt(1).FloorDiv(2)
	for _, c := range []struct {
		d    Dim
		want int64 // with H = 7 and N = 3
	}{
		{Static(5), 5},
		{Static(0), 0},
		{h, 7},
		{n.Mul(h).AddInt(-2), 19},
		{half, 4},
		{half.AddInt(1).FloorDiv(2), 2},
		{half.Mul(half).Mul(n), 48},
		{Static(0).Sub(h).FloorDiv(2), -4},
		{half.Mul(Static(2)).Sub(n).AddInt(9), 14},
		{h.Sub(n).AddInt(-1).FloorDiv(4).Mul(Static(-3)), 0},
		{h.Mul(Static(-3)).AddInt(5).FloorDiv(4).Mul(n), -12},
	} {
		got, ok := c.d.With(func(s string) int64 { return map[string]int64{"H": 7, "N": 3}[s] })
		if !ok || got != c.want {
			t.Errorf("%v is %d, %v; want %d", c.d, got, ok, c.want)
		}
		if p, ok := ParseDim(c.d.String()); !ok || !p.Equal(c.d) {
			t.Errorf("%v reads back as %v, %v", c.d, p, ok)
		}
	}
	if _, ok := h.FloorDiv(0).With(func(string) int64 { return 1 }); ok {
		t.Error("a division by nothing has a value")
	}
}

func TestDimCounts(t *testing.T) {
	for text, want := range map[string]bool{"0": true, "-1": false, "N": true, "2*N+1": true, "N-1": false, "floor((N+1)/2)": true, "floor((N-3)/2)": false, "-N": false} {
		d, ok := ParseDim(text)
		if !ok {
			t.Fatalf("%s is no size", text)
		}
		if got := d.Counts(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestDimFollowsFromTheSymbolsThatAreKnown(t *testing.T) {
	known := func(symbol string) bool { return symbol == "N" || symbol == "H" }
	for text, want := range map[string]bool{"3": true, "N": true, "W": false, "H+2*N": true, "N*W": false, "floor((N+1)/2)": true, "floor((W+1)/2)": false, "floor((floor((H+1)/2)+1)/2)": true} {
		d, ok := ParseDim(text)
		if !ok {
			t.Fatalf("%s is no size", text)
		}
		if got := d.Follows(known); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
