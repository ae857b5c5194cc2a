//go:build !headless && !unix

package main

import "slipway/ui"

// tellPlaces does nothing: this system has no signal to ask by.
func (t *tracer) tellPlaces(*ui.UI) {}
