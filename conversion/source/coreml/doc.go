// Package coreml reads the ML Programs of Core ML packages into a Graph: the
// operations that its own target writes, and others of the same kind.
//
// An argument that a reader does not look at stops the import, and every result
// must come out with the type and the sizes that the program declares.
package coreml
