// Package image defines the operators that resample pictures: Resize (and the
// older Upsample) and GridSample.
package image
