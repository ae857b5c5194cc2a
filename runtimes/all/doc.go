// Package all lists the runtimes. It finds vendor libraries but loads none: that
// happens in a worker process, which makes its runtime with Direct.
package all
