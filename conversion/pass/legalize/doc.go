// Package legalize rewrites a graph until a target can spell every node of it:
// what the target does not have is computed with axes joined or in a wider element
// type, where that gives the same result, or decomposed, one step a round, into simpler operators.
// It runs last, so that fused operators keep one quantization scale.
package legalize
