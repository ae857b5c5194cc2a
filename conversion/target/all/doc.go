// Package all lists every target that a model can be converted to.
package all
