// Package badge draws a verdict as a coloured pill.
package badge
