// Package graph is the panel that shows the open model: its layers as a graph,
// a search, and an inspector that tells everything about the selected layer.
package graph
