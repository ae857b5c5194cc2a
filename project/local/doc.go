// Package local is this machine: vendor libraries found by package library,
// worker processes that load them, conversions that run in one. It wires what
// the rooms below it only know as interfaces, for the window, the command line
// and the tests alike.
package local
