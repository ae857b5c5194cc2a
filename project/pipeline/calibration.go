package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"slipway/conversion/diag"
	"slipway/runtimes/task"
)

// CalibrationFiles lists what static int8 can be calibrated on in a folder and
// the folders below it: .npy and .npz tensors, and pictures, coded or raw. A
// folder that cannot be read or holds neither is a finding.
func CalibrationFiles(ctx context.Context, folder string) (tensors, pictures []string, err error) {
	err = filepath.WalkDir(folder, func(p string, e fs.DirEntry, err error) error {
		switch ext := strings.ToLower(filepath.Ext(p)); {
		case err != nil:
			return err
		case e.IsDir():
			return ctx.Err()
		case ext == ".npy" || ext == ".npz":
			tensors = append(tensors, p)
		case task.IsPicture(p) || ext == ".bin":
			pictures = append(pictures, p)
		}
		return nil
	})
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if err != nil {
		return nil, nil, diag.Errorf("quantize.calibration-data", "cannot be read: %v", err).In(folder).Suggest("choose a folder that is there and may be read")
	}
	if len(tensors)+len(pictures) == 0 {
		return nil, nil, diag.Errorf("quantize.calibration-data", "holds no pictures and no .npy or .npz tensors").In(folder).
			Suggest("put a hundred typical inputs there, or choose another folder")
	}
	return tensors, pictures, nil
}

// Spread sorts files and picks at most n of them, at even distances.
func Spread(files []string, n int) []string {
	slices.Sort(files)
	if n <= 0 || len(files) <= n {
		return files
	}
	out := make([]string, n)
	for i := range out {
		out[i] = files[i*len(files)/n]
	}
	return out
}

// CalibrationContent identifies what calibration on at most limit files of folder
// reads: their names within it and all of their bytes. It does not depend on where
// the folder lies.
func CalibrationContent(ctx context.Context, folder string, limit int) (string, error) {
	files, pictures, err := CalibrationFiles(ctx, folder)
	if err != nil {
		return "", err
	}
	if len(files) == 0 {
		files = pictures
	}
	h := sha256.New()
	for _, f := range Spread(files, limit) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		name, err := filepath.Rel(folder, f)
		sum := ""
		if err == nil {
			sum, err = HashFile(f)
		}
		if err != nil {
			return "", diag.Errorf("quantize.calibration-data", "cannot be read: %v", err).In(f).Suggest("choose a folder that is there and may be read")
		}
		fmt.Fprintf(h, "%q %s\n", filepath.ToSlash(name), sum)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// CalibrationChanged is when last a file in folder or below was written, or one came,
// went or was renamed.
func CalibrationChanged(folder string) (last time.Time, err error) {
	err = filepath.WalkDir(folder, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := os.Stat(p) // of a link, what it points to
		if err == nil && st.ModTime().After(last) {
			last = st.ModTime()
		}
		return err
	})
	return last, err
}

// PicturesFill says why pictures are no inputs for a model with so many of them;
// nil where they are.
func PicturesFill(inputs int) *diag.Finding {
	if inputs == 1 {
		return nil
	}
	return diag.Errorf("quantize.calibration-data", "the model has %d inputs: pictures fill only one", inputs).
		Suggest("give .npz files with one tensor for each input")
}
