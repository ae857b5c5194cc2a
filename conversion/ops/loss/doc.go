// Package loss holds the losses of classification.
package loss
