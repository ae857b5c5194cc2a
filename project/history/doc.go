// Package history is undo and redo over immutable states.
package history
