// Package all lists the window's panels, in the order of the rail.
package all
