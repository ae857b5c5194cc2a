// Package source defines what reads a foreign model file into a Graph. One
// folder a format.
package source
