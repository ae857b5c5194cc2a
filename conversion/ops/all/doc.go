// Package all lists every operator that the program knows: the one place that
// names the operator families.
package all
