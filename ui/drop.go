package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"slipway/project/store"
	"slipway/runtimes/task"
)

// DropKind is what a drop on the window means.
type DropKind int

// The kinds of drops.
const (
	DropNothing  DropKind = iota // Drop.Said tells why
	DropModel                    // open Drop.Paths[0]
	DropProject                  // open the project folder Drop.Paths[0]
	DropPictures                 // test Drop.Paths
	DropDataset                  // Drop.Paths[0] is a folder of pictures
)

// Drop is the decision about dropped files, with what to say about it.
type Drop struct {
	Kind  DropKind
	Paths []string
	Said  string
}

// modelExtensions are names by which a model is recognised before its content
// is read; opening goes by content.
var modelExtensions = []string{".onnx", ".tflite", ".xml", ".pt", ".pth", ".pt2", ".safetensors", ".mlpackage", ".param"}

// Classify decides what dropped files mean: a model opens, pictures are tested,
// a folder is a project or a dataset. Of a mixture, the model wins.
func Classify(paths []string) Drop {
	var pictures, folders, others []string
	for _, p := range paths {
		st, err := os.Stat(p)
		switch {
		case err != nil:
			continue
		case st.IsDir() && strings.HasSuffix(p, store.Extension):
			return Drop{DropProject, []string{p}, "opening the project " + filepath.Base(p)}
		case hasExtension(p, modelExtensions):
			return Drop{DropModel, []string{p}, "opening " + filepath.Base(p)}
		case st.IsDir():
			folders = append(folders, p)
		case task.IsPicture(p):
			pictures = append(pictures, p)
		default:
			others = append(others, p)
		}
	}
	switch {
	case len(pictures) == 1:
		return Drop{DropPictures, pictures, "testing " + filepath.Base(pictures[0])}
	case len(pictures) > 1:
		return Drop{DropPictures, pictures, fmt.Sprintf("testing %d pictures", len(pictures))}
	case len(folders) > 0:
		return Drop{DropDataset, folders[:1], "dataset: " + filepath.Base(folders[0])}
	case len(others) > 0:
		// Unknown names may still hold a model: its content decides.
		return Drop{DropModel, others[:1], "opening " + filepath.Base(others[0])}
	}
	return Drop{Kind: DropNothing, Said: "nothing that can be opened was dropped"}
}

func hasExtension(p string, list []string) bool {
	ext := strings.ToLower(filepath.Ext(p))
	for _, e := range list {
		if e == ext {
			return true
		}
	}
	return false
}
