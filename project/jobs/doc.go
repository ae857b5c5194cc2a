// Package jobs is the queue of background work: conversions, measurements,
// evaluations. Jobs run a few at a time, report progress, keep a log and can be
// cancelled; whoever listens hears every change.
package jobs
