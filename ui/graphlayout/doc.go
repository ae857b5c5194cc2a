// Package graphlayout decides where the boxes and lines of a layer graph go: it takes the sizes of the nodes and the edges
// between them and returns a position for every node and a smooth route for every edge, in the manner of Sugiyama.
//
// The steps, one file each: layers (longest path, constants pulled down to their consumers), dummies (one chain per
// tensor, shared by all its consumers), order (barycentre sweeps that reduce crossings), place (horizontal coordinates
// after Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment", 2001), route (Bézier segments).
//
// The package is plain Go, knows nothing of windows or of neural networks, keeps no state and is safe for concurrent use.
// The same graph and options always give the same result.
package graphlayout
