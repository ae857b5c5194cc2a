// Package dl opens shared libraries and binds their C functions to Go function
// variables without cgo. Only the adapters in runtimes use it, and only inside
// a worker process: a library that is opened here can take the process down.
package dl
