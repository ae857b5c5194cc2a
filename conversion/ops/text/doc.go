// Package text defines the operators on strings: joining, splitting, cleaning,
// matching, and counting n-grams.
package text
