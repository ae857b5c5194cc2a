// Package fold holds the passes that make a graph smaller without changing any
// arithmetic: constants and shape arithmetic are computed now, branches that are
// decided and short loops are counted and taken apart, nodes that do nothing go away, and
// nodes that do the same thing twice are merged.
package fold
