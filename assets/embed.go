package assets

import (
	"embed"
	"io/fs"
)

//go:embed samples
var samples embed.FS

//go:embed icons/slipway-512.png
var icon []byte

// Names inside Samples and inside the folder that Unpack fills.
const (
	SampleModel      = "efficientnet-lite0.onnx"
	SampleTask       = "efficientnet-lite0.task.yaml"
	SamplePhotos     = "photos"            // a folder a class: INDEX_NAME/*.jpg
	SampleUnlabelled = "photos-unlabelled" // pictures of none of the model's classes
)

// Samples returns the sample's files as a read-only tree.
func Samples() fs.FS {
	sub, err := fs.Sub(samples, "samples")
	if err != nil {
		// The name is a constant and valid, and embedding it is checked by the compiler.
		return samples
	}
	return sub
}

// Icon returns the application's icon, a PNG of 512×512 pixels. The caller may change the slice.
func Icon() []byte { return append([]byte(nil), icon...) }
