// Package intrange bounds the integers that a graph computes from data, and finds
// the nodes whose results arithmetic of 32 bits, or of single precision, does not
// hold.
package intrange
