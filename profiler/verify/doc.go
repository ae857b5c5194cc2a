// Package verify proves an artefact: it runs the source model and the artefact,
// each on its own runtime, on the same inputs, compares the outputs and, where
// they differ, finds the first layer that does.
package verify
