// Package reduce holds the operators that collapse axes: sums, means, extrema,
// norms and the positions of extrema.
package reduce
