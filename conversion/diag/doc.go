// Package diag holds findings: what the program has to tell a person about a
// model, a conversion or a runtime. A finding has a stable code, the layer it
// is about, the reason and, where there is one, the cure. The package is a
// leaf: everything may import it.
package diag
