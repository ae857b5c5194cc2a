// Package tensorrt builds engines for NVIDIA GPUs, where the means and a GPU are
// found: with NVIDIA's own program trtexec, else through ONNX Runtime's TensorRT
// provider. It is meant to be called inside a worker process, so that a crash, a
// hang or cancelling takes nothing else with it.
//
// What an engine was built with is noted in the build file beside it. An engine
// is only of use on the same GPU and version: where these and the model are as
// noted it is taken over, else it is built again, and the reason is told.
package tensorrt
