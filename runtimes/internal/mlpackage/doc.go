// Package mlpackage is what the runtimes for Core ML packages share: how the
// interface of a package, which takes pictures and names classes, becomes that of
// the model which it was made of.
package mlpackage
