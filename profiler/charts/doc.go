// Package charts draws the comparison's pictures with go-chart's renderers:
// bars that start at 0, intervals, scatter plots with round ticks, in light and
// dark, as PNG for the window and PNG or SVG for export. It knows where every
// mark lies, so that the window can show tooltips over it.
package charts
