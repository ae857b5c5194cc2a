// Package settings keeps what the studio remembers between runs: recent files
// and the window's choices. The file is replaced atomically; a damaged one is
// set aside, never overwritten silently.
package settings
