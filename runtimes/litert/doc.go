// Package litert runs TFLite models on Google's LiteRT through the C API of
// libLiteRt, bound at run time without cgo.
//
// That interface moved between releases; this package speaks the one of the 2.3
// series. Where a model has several signatures the first one is opened.
package litert
