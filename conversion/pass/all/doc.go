// Package all lists the passes that every conversion runs, in their order, and
// runs them to a fixed point.
package all
