// Package graphview is the widget in which a layer graph is looked at: drag to move, wheel to zoom about the pointer, click
// to select, arrow keys to walk along the edges, a minimap in the corner.
//
// The drawing is one picture, somewhat larger than the widget, painted by package graphpaint in a goroutine. Moving the view
// moves the picture; zooming stretches it until the sharp one is there. Outlines, tooltip and minimap are a handful of
// objects above it. Layout, too, runs in a goroutine; of a large graph the first layers appear before the rest is laid out.
//
// All methods are to be called on the UI goroutine, which also runs all callbacks.
package graphview
