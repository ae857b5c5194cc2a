// Package pass defines what a rewrite of a graph is and runs lists of them:
// fold, fuse, prune, quantize, layout, legalize … live in folders below it.
// Passes are data: a list with order constraints. Each says where it fired and
// where it nearly did, and why not.
package pass
