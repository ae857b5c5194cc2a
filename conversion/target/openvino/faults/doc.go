// Package faults knows what OpenVINO's CPU plugin gets wrong in 8-bit integers, so
// that whoever quantizes, and whoever writes what is quantized, leaves it in floats or
// writes it otherwise.
// It was measured with version 2026.4 on a processor with AMX, beside the same
// layers in floats; without AMX most of it is right, but a file is for every host.
package faults
