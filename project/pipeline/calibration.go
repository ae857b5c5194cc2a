package pipeline

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"

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

// PicturesFill says why pictures are no inputs for a model with so many of them;
// nil where they are.
func PicturesFill(inputs int) *diag.Finding {
	if inputs == 1 {
		return nil
	}
	return diag.Errorf("quantize.calibration-data", "the model has %d inputs: pictures fill only one", inputs).
		Suggest("give .npz files with one tensor for each input")
}
