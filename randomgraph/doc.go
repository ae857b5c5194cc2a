// Package randomgraph draws small graphs at random from the whole operator set
// and finds places where two ways of computing one of them disagree. Tests use
// it, nothing else.
//
// A Case is a graph of 1 to 12 nodes with values for its inputs; the same seed
// gives the same case for ever, as long as the table of generators stays. Each
// operator has a generator of well-formed nodes in the table, or stands among
// the Excluded with the reason.
//
// The checks look at one case each: what shape inference says against what is
// computed (Inferred), the text form (Text), each pass and each target's
// preparation on and off (Passes, Targets), and a runtime against the reference
// arithmetic, node by node on the runtime's own intermediate values, so that
// roundings do not add up (Runtime). A difference that a change of the last
// digits of the values in between could make is none: see spread.
//
// Shrink makes a failing case small. Its text, kept in testdata, is from then on
// a regression test.
package randomgraph
