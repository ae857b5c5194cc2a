// Package tensor holds typed, shaped, read-only views over bytes: the form in
// which weights, sample inputs and outputs travel through the whole program.
//
// Bytes are little-endian and row-major (C order). A view may alias a memory
// map; nothing is copied until somebody asks for a type that the bytes do not
// hold, or for an alignment that they do not have. The package is a leaf:
// everything may import it, it imports only the standard library.
package tensor
