// Package detect holds operators of object detection: NonMaxSuppression and the
// pooling of regions of interest.
package detect
