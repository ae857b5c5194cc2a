// Package mil checks Core ML packages where there is no Core ML: their ML
// Programs are read back and computed by the operators' own reference
// arithmetic. It proves the numbers that a package stands for, its weights and
// its arguments; it proves nothing about Apple's compiler, speed or placement.
package mil
