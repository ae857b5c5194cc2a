// Package units prints numbers for people: three significant digits and a fixed
// unit. It is a leaf.
package units
