// Package finding draws findings: severity as a coloured line, what is wrong,
// where, and what to do about it.
package finding
