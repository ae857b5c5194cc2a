// Package quantize turns a float graph into one that computes with 8-bit
// integers. The result is a graph annotated with QuantizeLinear and
// DequantizeLinear, the master record that each target spells its own way.
//
// Static quantization has three steps. NewPlan decides which tensors are
// quantized and which share a scale, by the rules of a Profile (what one
// target's runtime computes in integers). Calibrate measures those tensors on
// sample inputs through a Runner that the caller supplies. The pass Static
// chooses ranges from the measurements and rewrites the graph. Dynamic and
// WeightOnly need no samples.
//
// Auto takes the first two steps and chooses by trial on some of the samples: how
// ranges follow from the measurements, in which part of the network they may leave
// out what is rare, whether channels that are always larger than the others are
// made smaller ahead of a product, and whether weights are rounded each to the
// nearest integer or together, so that their errors cancel out in what a layer gives.
package quantize
