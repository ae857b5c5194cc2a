package mil

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Paths inside a package.
const (
	manifestFile = "Manifest.json"
	author       = "com.apple.CoreML"
	ModelFile    = "Data/com.apple.CoreML/model.mlmodel"
	WeightsFile  = "Data/com.apple.CoreML/weights/weight.bin"
)

type manifest struct {
	Version string                  `json:"fileFormatVersion"`
	Items   map[string]manifestItem `json:"itemInfoEntries"`
	Root    string                  `json:"rootModelIdentifier"`
}

type manifestItem struct {
	Author      string `json:"author"`
	Description string `json:"description"`
	Name        string `json:"name"`
	Path        string `json:"path"`
}

// WriteManifest writes Manifest.json for the model and weights in dir. The
// identifiers follow from the model's bytes, so that equal packages are equal.
func WriteManifest(dir string, model []byte) error {
	id := func(what string) string {
		h := sha256.Sum256(append([]byte(what), model...))
		h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80 // the bits that mark a random UUID
		return fmt.Sprintf("%X-%X-%X-%X-%X", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
	}
	m := manifest{Version: "1.0.0", Root: id("model"), Items: map[string]manifestItem{
		id("model"):   {author, "CoreML Model Specification", "model.mlmodel", author + "/model.mlmodel"},
		id("weights"): {author, "CoreML Model Weights", "weights", author + "/weights"},
	}}
	b, err := json.MarshalIndent(m, "", "    ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, manifestFile), append(b, '\n'), 0o644)
}

// Root is the path, inside the package at dir, of its model file; the weights
// lie in the folder beside it.
func Root(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return "", err
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return "", fmt.Errorf("mil: %s: %w", manifestFile, err)
	}
	item, ok := m.Items[m.Root]
	if !ok || !filepath.IsLocal(item.Path) {
		return "", fmt.Errorf("mil: %s names no model inside the package", manifestFile)
	}
	return filepath.Join("Data", item.Path), nil
}
