package project

import (
	"context"

	"slipway/project/pipeline"
)

// SetCalibration makes folder what static int8 is calibrated on, undoably, and
// returns how many inputs it holds. One that holds none for this model is a
// finding, and nothing is changed then.
func (s *Studio) SetCalibration(ctx context.Context, folder string) (int, error) {
	m := s.Model()
	if m == nil {
		return 0, ErrNoModel
	}
	tensors, pictures, err := pipeline.CalibrationFiles(ctx, folder)
	if err != nil {
		return 0, err
	}
	n := len(tensors)
	if n == 0 { // where there are both, tensors are taken
		if f := pipeline.PicturesFill(len(m.Graph.Inputs)); f != nil {
			return 0, f.In(folder)
		}
		n = len(pictures)
	}
	r := s.Recipe()
	r.Quantize.Calibration = folder
	return n, s.SetRecipe(r)
}
