// Package training defines the optimisers of ai.onnx.preview.training: a step of
// gradient descent for any number of tensors.
package training
