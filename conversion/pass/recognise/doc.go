// Package recognise holds the passes that find one operator in the several
// simpler ones that exporters write it as: LayerNormalization in means and
// roots, Gelu in Erf or Tanh, SpaceToDepth in slices. A target that has the
// operator gets it; where it has not, Restore gives the parts back.
//
// A pass looks at each node as the last of a pattern. Patterns are forms
// (match.go), products of factors and polynomials of one value (algebra.go). A
// match holds only where nothing outside reads a value inside it.
package recognise
