// Package tensorrt builds engines for NVIDIA GPUs with NVIDIA's own program
// trtexec, where that and a GPU are found. The program is a process of its own,
// so that a crash in it is an error here, and cancelling ends it.
package tensorrt
