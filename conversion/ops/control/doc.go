// Package control defines the operators with bodies: If, Loop and Scan.
//
// A body is a graph of its own. What it reads of the graph around it comes in
// through its last inputs (ir.CapturedAttr), so that every pass sees those
// uses. Shape inference runs through the bodies; where the number of iterations
// is known, a loop decomposes into copies of its body.
package control
