// Package coreml runs Core ML packages with Apple's own runtime, on macOS, by
// Objective-C messages without cgo. Elsewhere it says that it is absent. Apple's
// compiler and devices are reached through it alone: package mil, which checks
// the numbers of a package everywhere, knows nothing of them.
//
// It is meant to be used inside a worker process.
package coreml
