// Package summary describes a graph in numbers and rows: what inspect prints
// and what the window's inspector and tables show.
package summary
