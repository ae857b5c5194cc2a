// Package task says what a model is for: how a picture becomes its input
// tensor and how its outputs become predictions. One Task value serves the
// test pane, run, eval, calibration and serving alike, so that what was tested
// is what runs.
//
// Pictures are decoded with limits checked from the header first (RELIABILITY:
// at most 64 megapixels, 16,384 a side, aspect 100:1), turned upright by their
// EXIF orientation, and resampled only where the crop window needs it.
package task
