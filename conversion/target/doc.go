// Package target defines what writes a Graph as an artefact of one runtime. One
// folder a target; each holds only the spellings that the target has natively.
package target
