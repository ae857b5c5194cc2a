// Package field holds the form fields of the window. They are the toolkit's own,
// except that the window's keys without a modifier (F5, F11, Escape) reach the
// window while a field has the focus: the toolkit gives every key to the focused
// widget alone.
package field
