// Package hint says in a few words what is under the pointer: what a button of
// an icon alone does, and why one that is grey cannot be pressed now.
package hint
