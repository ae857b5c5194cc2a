// Package build shortens what decompositions write: arithmetic, reshaping and
// sizes that may be symbolic.
package build
