// Package reference lets tests calibrate on the operators' own arithmetic.
package reference
