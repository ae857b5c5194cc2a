// Package scratch gives temporary folders that do not outlive the process, however
// it ends: each lies in a room, a folder with a lock that the system drops with the
// process, and what a killed process left is removed by the next one that makes a
// room in the same place. It is a leaf.
package scratch
