// Package graphscene turns a model's graph into the boxes and lines that are
// drawn of it: in the window, and as a picture for the report. It needs no
// window.
package graphscene
