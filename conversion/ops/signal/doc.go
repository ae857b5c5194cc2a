// Package signal defines the operators of sound and other sampled signals: the
// discrete Fourier transform, whole and over short windows, window functions and
// the weights of mel spectrograms.
package signal
