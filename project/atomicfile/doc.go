// Package atomicfile replaces files all or nothing: a reader sees the old bytes
// or the new ones, never a part, also after a crash or on a full disk.
package atomicfile
