// Package protofield walks protobuf messages field by field, without generated
// code: for readers that want a few fields of a large message, or that must say
// where a malformed one is broken.
//
// The package is a leaf. Everything in it is pure and safe for concurrent use.
package protofield
