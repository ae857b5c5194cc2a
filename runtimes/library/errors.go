package library

import (
	"fmt"
	"strings"

	"slipway/conversion/diag"
)

// Place is one file or folder that Find looked at.
type Place struct {
	Origin string // one of the Origin constants
	Path   string
}

// UnknownError tells of a library name that is not in Specs.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string {
	var names []string
	for _, s := range Specs() {
		names = append(names, s.Name)
	}
	return fmt.Sprintf("library %q is not known; known are %s", e.Name, strings.Join(names, ", "))
}

// NotFoundError tells that no usable library was found. Error gives one line; Tried and Bad hold the detail.
type NotFoundError struct {
	Spec  Spec
	Tried []Place
	Bad   []*BadLibraryError // files that bear the name and cannot be used, in the order met
}

func (e *NotFoundError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: no usable library found", e.Spec.Title)
	for i, bad := range e.Bad {
		if i == 3 {
			fmt.Fprintf(&b, "; and %d more", len(e.Bad)-i)
			break
		}
		fmt.Fprintf(&b, "; %v", bad)
	}
	return b.String()
}

// Unwrap gives the finding for people and the unusable files met, for errors.As.
func (e *NotFoundError) Unwrap() []error {
	out := []error{e.Finding()}
	for _, b := range e.Bad {
		out = append(out, b)
	}
	return out
}

// Finding puts the error into words: its code is "library.missing" where no file bore the library's name and
// "library.unusable" where one did.
func (e *NotFoundError) Finding() *diag.Finding {
	code := "library.missing"
	if len(e.Bad) > 0 {
		code = "library.unusable"
	}
	return diag.Errorf(code, "%s; without it %s", e.Error(), e.Spec.Loses).Suggest("%s", e.Suggestion())
}

// Suggestion says how to get the library.
func (e *NotFoundError) Suggestion() string {
	if len(e.Tried) == 1 && e.Tried[0].Origin == OriginEnvironment {
		return fmt.Sprintf("%s is set and decides alone: point it to the library's file or folder, or unset it", e.Spec.EnvVar)
	}
	if e.Spec.Package == "" {
		return fmt.Sprintf("%s; then set %s to the library's file or folder, or put it into the system's library folders", e.Spec.Elsewhere, e.Spec.EnvVar)
	}
	return fmt.Sprintf("run `studio runtimes install %s`, or set %s to the library's file or folder", e.Spec.Name, e.Spec.EnvVar)
}

// InstallError tells why Install got no library.
type InstallError struct {
	Spec    Spec
	Command string // the package client's command, as the user can run it
	Output  string // the tail of what the command printed
	Err     error
}

func (e *InstallError) Error() string {
	s := fmt.Sprintf("%s: install: %v", e.Spec.Title, e.Err)
	if e.Output != "" {
		s += ": " + e.Output
	}
	if e.Command != "" {
		s += fmt.Sprintf("; the command was `%s`", e.Command)
	}
	return s
}

func (e *InstallError) Unwrap() error { return e.Err }
