package graphpaint

import (
	"math"

	"slipway/ui/graphlayout"
)

// grid finds the items near a place: each square cell lists the items that overlap it. Items that would lie in many cells
// stand apart and are tried always.
type grid struct {
	cell       float32
	cols, rows int
	start      []int32
	item       []int32
	long       []int32
	count      int
}

const (
	gridCell  = 320
	longItem  = 24
	gridLimit = 1 << 20
)

func newGrid(b graphlayout.Rect, n int, box func(int) graphlayout.Rect) grid {
	g := grid{cell: gridCell, count: n}
	for {
		g.cols, g.rows = int(b.Max.X/g.cell)+1, int(b.Max.Y/g.cell)+1
		if g.cols*g.rows <= gridLimit {
			break
		}
		g.cell *= 2
	}
	g.start = make([]int32, g.cols*g.rows+1)
	isLong := make([]bool, n)
	for i := range n {
		x0, y0, x1, y1 := g.span(box(i))
		if (x1-x0+1)*(y1-y0+1) > longItem {
			isLong[i] = true
			g.long = append(g.long, int32(i))
			continue
		}
		for y := y0; y <= y1; y++ {
			for x := x0; x <= x1; x++ {
				g.start[y*g.cols+x+1]++
			}
		}
	}
	for i := 1; i < len(g.start); i++ {
		g.start[i] += g.start[i-1]
	}
	g.item = make([]int32, g.start[len(g.start)-1])
	next := append([]int32(nil), g.start...)
	for i := range n {
		if isLong[i] {
			continue
		}
		x0, y0, x1, y1 := g.span(box(i))
		for y := y0; y <= y1; y++ {
			for x := x0; x <= x1; x++ {
				c := y*g.cols + x
				g.item[next[c]] = int32(i)
				next[c]++
			}
		}
	}
	return g
}

// span is the range of cells that r overlaps, inclusive; places outside count as the cells at the rim.
func (g *grid) span(r graphlayout.Rect) (x0, y0, x1, y1 int) {
	return clampCell(r.Min.X, g.cell, g.cols), clampCell(r.Min.Y, g.cell, g.rows),
		clampCell(r.Max.X, g.cell, g.cols), clampCell(r.Max.Y, g.cell, g.rows)
}

func clampCell(v, cell float32, n int) int {
	f := math.Floor(float64(v / cell))
	if !(f > 0) {
		return 0
	}
	return int(min(f, float64(n-1)))
}

// at lists the items of the cell at p, without the long ones.
func (g *grid) at(p graphlayout.Point) []int32 {
	if g.count == 0 {
		return nil
	}
	c := clampCell(p.Y, g.cell, g.rows)*g.cols + clampCell(p.X, g.cell, g.cols)
	return g.item[g.start[c]:g.start[c+1]]
}

// finder collects the items in an area, each once. It keeps its memory for the next search.
type finder struct {
	seen  []uint32
	round uint32
	out   []int32
}

// find lists the items whose cells overlap area, and the long ones. The list is valid until the next call.
func (f *finder) find(g *grid, area graphlayout.Rect) []int32 {
	f.out = f.out[:0]
	if g.count == 0 || !(area.Max.X >= area.Min.X && area.Max.Y >= area.Min.Y) {
		return f.out
	}
	x0, y0, x1, y1 := g.span(area)
	if (x1-x0+1)*(y1-y0+1) == g.cols*g.rows {
		for i := range int32(g.count) {
			f.out = append(f.out, i)
		}
		return f.out
	}
	if len(f.seen) < g.count {
		f.seen = make([]uint32, g.count)
		f.round = 0
	}
	f.round++
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			c := y*g.cols + x
			for _, i := range g.item[g.start[c]:g.start[c+1]] {
				if f.seen[i] != f.round {
					f.seen[i] = f.round
					f.out = append(f.out, i)
				}
			}
		}
	}
	f.out = append(f.out, g.long...)
	return f.out
}
