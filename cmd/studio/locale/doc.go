// Package locale gives the process a language before Fyne looks for one: Fyne
// complains on stderr, while it is initialised, about the C locale that servers
// and containers have. It is imported for this effect alone, and only where
// there is a window; it works because Go initialises packages in the order of
// their import paths as soon as what they import is ready, and Fyne's language
// package needs text/template, which comes later.
package locale
