// Package filemap gives a model file's bytes: mapped into memory, so that
// opening costs no copy, or read into it, where a file that shrinks under a map
// would end the process.
package filemap
