// Package all lists every source and opens a model file of any format.
package all
