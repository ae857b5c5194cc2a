package layout

// network is a flow network for Dinic's algorithm (E. A. Dinic, 1970). Node 0
// is the source, node 1 the sink.
type network struct {
	head  []int
	next  []int
	to    []int
	cap   []int64
	level []int
	iter  []int
}

const (
	source = 0
	sink   = 1
	inf    = int64(1) << 60
)

func newNetwork() *network { return &network{head: []int{-1, -1}} }

func (f *network) node() int {
	f.head = append(f.head, -1)
	return len(f.head) - 1
}

// edge adds an arc u->v of capacity c.
func (f *network) edge(u, v int, c int64) {
	if u == v || c == 0 {
		return
	}
	f.arc(u, v, c)
	f.arc(v, u, 0)
}

func (f *network) arc(u, v int, c int64) {
	f.to, f.cap, f.next = append(f.to, v), append(f.cap, c), append(f.next, f.head[u])
	f.head[u] = len(f.to) - 1
}

func (f *network) search() bool {
	f.level = make([]int, len(f.head))
	for i := range f.level {
		f.level[i] = -1
	}
	f.level[source] = 0
	queue := []int{source}
	for len(queue) > 0 {
		u := queue[0]
		queue = queue[1:]
		for e := f.head[u]; e >= 0; e = f.next[e] {
			if f.cap[e] > 0 && f.level[f.to[e]] < 0 {
				f.level[f.to[e]] = f.level[u] + 1
				queue = append(queue, f.to[e])
			}
		}
	}
	return f.level[sink] >= 0
}

// push finds one augmenting path in the level graph, without recursion: a graph
// of thousands of layers is as deep.
func (f *network) push() int64 {
	var path []int
	u := source
	for {
		if u == sink {
			flow := inf
			for _, e := range path {
				flow = min(flow, f.cap[e])
			}
			for _, e := range path {
				f.cap[e] -= flow
				f.cap[e^1] += flow
			}
			return flow
		}
		e := f.iter[u]
		for e >= 0 && (f.cap[e] <= 0 || f.level[f.to[e]] != f.level[u]+1) {
			e = f.next[e]
		}
		f.iter[u] = e
		if e >= 0 {
			path = append(path, e)
			u = f.to[e]
			continue
		}
		if len(path) == 0 {
			return 0
		}
		back := path[len(path)-1]
		path = path[:len(path)-1]
		u = f.to[back^1]
		f.iter[u] = f.next[back]
	}
}

// minCut returns the value of the minimum cut and, for each node, whether it is
// on the source's side of the cut nearest to the source.
func (f *network) minCut() (int64, []bool) {
	var total int64
	for f.search() {
		f.iter = append(f.iter[:0], f.head...)
		for {
			flow := f.push()
			if flow == 0 {
				break
			}
			total += flow
		}
	}
	side := make([]bool, len(f.head))
	for i, l := range f.level {
		side[i] = l >= 0
	}
	return total, side
}
