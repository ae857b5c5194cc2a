//go:build !unix

package atomicfile

// ignorable: Windows cannot sync folders at all.
func ignorable(error) bool { return true }
