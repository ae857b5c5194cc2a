// Package ncnn runs ncnn models with a shared libncnn, through the C interface
// that the library is built with by default (c_api.h).
//
// A .param file tells no batch, no element types and, in most cases, no sizes.
// The package reads them from the file all the same: a blob that a table is
// looked up by holds 32-bit integers, all others 32-bit floats, and models that
// this program wrote carry the shapes of their inputs and outputs (ShapesKey in
// conversion/schema/ncnn).
// Inputs of other models get a leading axis for the batch, whose elements are
// run one after the other.
//
// ncnn trusts its files: a model is read and checked here before the library
// sees it. A run cannot be interrupted; the worker around it is ended instead.
package ncnn
