// Package microsoft holds the operators of the domain com.microsoft that models
// carry after ONNX Runtime's optimiser or its quantizer. Their reader puts the
// standard operators that they mean in their place, so that no pass and no
// target needs to know them.
package microsoft
