// Package ncnn writes a graph as an ncnn model: NAME.param lists the layers
// as text, NAME.bin holds their weights in the same order.
//
// ncnn's blobs carry no batch and have one to four dimensions, so a leading
// dimension of 1 is dropped and all sizes are fixed when the file is written. An
// operator chooses the dimensions that it wants its inputs in; a Reshape layer
// stands only where a blob has others, and operators that merely relabel
// dimensions write nothing. A spelling is tried without a file to find out
// whether it is legal: there is one description of each operator.
//
// Blobs are floats of 32 bits. They hold whole numbers to 2^24 and truth values, as 0
// and 1, so integers that are that small are computed in them; only places in tables
// are 32-bit integers.
package ncnn
