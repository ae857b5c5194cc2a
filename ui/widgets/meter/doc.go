// Package meter draws how much of a job is done as a thin line: what is left
// stands out from the window without looking like what is done.
package meter
