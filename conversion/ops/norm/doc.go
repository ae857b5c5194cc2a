// Package norm defines the normalisations: over the batch, a channel group, a
// layer, neighbouring channels, or by a norm.
package norm
