// Package guest is the child's side of a worker: the hidden verb of the program
// calls Main, which serves one runtime and the program's jobs to the host until
// the host closes the connection, and then ends the process at once, without
// running anything of the vendor's library.
package guest
