// Package reference is the runtime that is always there: it executes a graph
// node by node with the operators' own reference arithmetic, in pure Go. It
// serves verification, calibration and machines without any vendor's library.
package reference
