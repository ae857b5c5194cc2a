// Package float16 moves a graph between single and half precision: weights
// stored in half precision, arithmetic in half precision, and back.
package float16
