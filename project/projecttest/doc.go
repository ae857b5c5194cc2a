// Package projecttest holds what tests of projects and of the command line
// share: small and large models and pictures written on the spot, and a look at
// this process's children.
package projecttest
