// Package split sets two panes side by side with a line between them that can
// be dragged. The line is as thin as the window's other lines; the toolkit's own
// is a broad bar.
package split
