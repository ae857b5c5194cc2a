// Package recurrent defines the recurrent layers: RNN, GRU and LSTM, in one or
// both directions. Each decomposes into one product over the whole input and a
// Scan with the recurrence, which is unrolled in turn where a target has no
// loops.
package recurrent
