package ui

import (
	"fmt"
	"path/filepath"
	"slices"

	"fyne.io/fyne/v2"
	base "fyne.io/fyne/v2/theme"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/ui/panel"
)

// cure is panel.Env's Cure. A mismatch has that of missing calibration inputs
// where it was made without them.
func (u *UI) cure(f *diag.Finding, among diag.List) *panel.Cure {
	random := f.Code == plan.UncalibratedCode
	if f.Code == "verify.mismatch" {
		random = slices.ContainsFunc(among, func(o *diag.Finding) bool { return o.Code == plan.UncalibratedCode })
	}
	if !random || !u.uncalibrated() {
		return nil
	}
	return &panel.Cure{
		Title: "Choose calibration inputs…", Hint: "A folder of typical pictures, or of .npy and .npz tensors; or drop one on Convert or Optimise",
		Icon: base.FolderOpenIcon(), Do: func() { u.env.Window.OpenFolder("A folder of typical inputs to calibrate on", u.calibrate) },
	}
}

// uncalibrated reports whether the open model's recipe lacks calibration inputs.
func (u *UI) uncalibrated() bool {
	r := u.o.Studio.Recipe()
	return u.o.Studio.Model() != nil && r.Uncalibrated("") != nil
}

// calibrates reports whether a folder that is dropped now is one to calibrate on.
func (u *UI) calibrates() bool {
	return (u.front == "convert" || u.front == "optimise") && u.uncalibrated()
}

// calibrate makes a folder the recipe's calibration inputs, off the UI
// goroutine: it may hold a million pictures.
func (u *UI) calibrate(folder string) {
	u.notice.say("looking into " + filepath.Base(folder) + " …")
	go func() {
		n, err := u.o.Studio.SetCalibration(u.ctx, folder)
		if err != nil {
			u.env.Window.Report("Cannot calibrate on "+filepath.Base(folder), diag.FromError("quantize.calibration-data", err))
			return
		}
		r := u.o.Studio.Recipe()
		fyne.Do(func() { u.notice.say(Calibrated(folder, n, r.Quantize.Images)) })
	}()
}

// Calibrated says what int8 is calibrated on from now on: at most so many of the
// n inputs in a folder.
func Calibrated(folder string, n, most int) string {
	count := fmt.Sprint(n)
	if n > most {
		count = fmt.Sprintf("%d of %d", most, n)
	}
	return fmt.Sprintf("int8 is calibrated on %s inputs of %s", count, filepath.Base(folder))
}
