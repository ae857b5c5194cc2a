// Package runtimes defines what a runtime is to the rest of the program: a
// thing that opens a model file on this machine and runs it. Adapters (one
// folder each) implement Runtime; vendor libraries are loaded only inside
// worker processes (package worker), which implement the same interface over a
// socket, so that a crash or a hang in a library ends as an error.
package runtimes
