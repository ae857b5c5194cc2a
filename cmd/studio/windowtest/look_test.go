//go:build unix

package windowtest

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// look takes pictures of the window until they stay the same and show
// something, and keeps the last as NAME.png where STUDIO_ARTIFACTS is set.
func (w *window) look(name string) {
	w.t.Helper()
	w.tool("mousemove", "--window", w.id, "640", "818") // nothing is outlined by the pointer
	last, same := "no picture", 0
	var before image.Image
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(pollEvery) {
		c := exec.Command("import", "-window", w.id, "png:-")
		c.Env = append(os.Environ(), "DISPLAY="+w.screen.name)
		raw, err := c.Output()
		if err != nil {
			w.t.Fatalf("import: %v", err)
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			w.t.Fatal(err)
		}
		same++
		if before == nil || differ(before, img) > 200 { // the text cursor blinks
			same = 0
		}
		before, last = img, blank(img)
		if last == "" && same >= settled {
			w.keep(name, img)
			return
		}
	}
	w.t.Fatalf("picture %s: never at rest, or %s", name, last)
}

// differ counts the pixels that two pictures of one size do not share.
func differ(a, b image.Image) int {
	if a.Bounds() != b.Bounds() {
		return a.Bounds().Dx() * a.Bounds().Dy()
	}
	n := 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			if a.At(x, y) != b.At(x, y) {
				n++
			}
		}
	}
	return n
}

func (w *window) keep(name string, img image.Image) {
	dir := os.Getenv("STUDIO_ARTIFACTS")
	if dir == "" {
		return
	}
	dir = filepath.Join(dir, "window")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestCompression}
	if err := e.Encode(&b, img); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), b.Bytes(), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// blank says why a picture shows no window: too few colours, or a middle of one
// colour alone.
func blank(img image.Image) string {
	b := img.Bounds()
	colours := map[[3]uint32]int{}
	n := 0
	for y := b.Min.Y; y < b.Max.Y; y += 2 {
		for x := b.Min.X; x < b.Max.X; x += 2 {
			r, g, bl, _ := img.At(x, y).RGBA()
			colours[[3]uint32{r >> 8, g >> 8, bl >> 8}]++
			n++
		}
	}
	top := 0
	for _, c := range colours {
		top = max(top, c)
	}
	if len(colours) < 40 {
		return fmt.Sprintf("only %d colours", len(colours))
	}
	if top > n*98/100 {
		return "nearly all of one colour"
	}
	return ""
}
