package graphlayout

import (
	"math"
	"slices"
)

// tighten draws the long edges in: averaging leaves a lane somewhere between its neighbours, but a reader follows it best
// where it hugs what it passes by. Every straight piece of a chain moves as a whole, in line with one of its ends or towards
// their median, as far as the boxes and lines beside it allow; nothing else moves.
func (w *work) tighten() {
	for range 2 {
		for i, c := range w.chains {
			for k := int32(0); k < c.length; {
				end := k + 1
				for end < c.length && math.Abs(w.x[c.first+end]-w.x[c.first+k]) < 0.01 {
					end++
				}
				w.movePiece(c.first+k, c.first+end)
				k = end
			}
			if i&1023 == 0 && w.stopped() {
				return
			}
		}
	}
}

// movePiece moves the dummies from first up to end, exclusive, which lie below each other.
func (w *work) movePiece(first, end int32) {
	lo, hi := math.Inf(-1), math.Inf(1)
	var ends []float64
	for d := first; d < end; d++ {
		row, i := w.rows[w.layerOf[d]], int(w.pos[d])
		if i > 0 {
			lo = max(lo, w.x[row[i-1]]+w.separation(row[i-1], d))
		}
		if i+1 < len(row) {
			hi = min(hi, w.x[row[i+1]]-w.separation(d, row[i+1]))
		}
		for _, near := range [2][]int32{w.up.of(d), w.down.of(d)} {
			for _, v := range near {
				if v < first || v >= end {
					ends = append(ends, w.x[v])
				}
			}
		}
	}
	if len(ends) == 0 || lo > hi {
		return
	}
	slices.Sort(ends)
	want := (ends[(len(ends)-1)/2] + ends[len(ends)/2]) / 2
	x := min(max(want, lo), hi)
	// Straight on from one of its ends saves a bend: so it stays if it lies so, and goes there if it can.
	nearest := math.Inf(1)
	for _, e := range ends {
		if math.Abs(e-w.x[first]) < 0.01 {
			return
		}
		if e >= lo && e <= hi && math.Abs(e-x) < nearest {
			nearest, want = math.Abs(e-x), e
		}
	}
	if !math.IsInf(nearest, 1) {
		x = want
	}
	for d := first; d < end; d++ {
		w.x[d] = x
	}
}
