// Package words makes the labels that all panels share: headings and the small
// grey lines below things.
package words
