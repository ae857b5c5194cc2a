// Package layout decides in which axis order each tensor of a graph is stored
// for a target whose convolutions work on channels-last data.
//
// The graph itself stays in its logical order (channels first). Every tensor of
// rank 3 and more may be stored in one of two orders; operators that are bound
// to one of them demand it, operators that do not care take any one order for
// all their operands, and what is left demands the graph's own order. The
// cheapest assignment, in bytes that transpositions move, is a minimum cut; it
// is never dearer than wrapping every bound operator in two transpositions.
package layout
