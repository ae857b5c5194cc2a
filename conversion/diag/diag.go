package diag

import (
	"errors"
	"fmt"
	"strings"
)

// Severity orders findings; only Error makes an operation fail.
type Severity uint8

// The severities, least first.
const (
	Info Severity = iota
	Warning
	Error
)

// String is "info", "warning" or "error", as in the JSON of the command line.
func (s Severity) String() string { return [...]string{"info", "warning", "error"}[min(s, Error)] }

// MarshalText writes String.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Severity) UnmarshalText(b []byte) error {
	for c := Info; c <= Error; c++ {
		if c.String() == string(b) {
			*s = c
			return nil
		}
	}
	return fmt.Errorf("diag: unknown severity %q", b)
}

// Finding is one message for a person. Code is stable, lower-case and dotted
// ("onnx.truncated", "tflite.unsupported-op"): scripts and tests branch on it.
type Finding struct {
	Severity   Severity `json:"severity"`
	Code       string   `json:"code"`
	File       string   `json:"file,omitempty"`
	Layer      string   `json:"layer"`            // the node's name in the source model
	Layers     []string `json:"layers,omitempty"` // all layers, where the finding is about several
	Text       string   `json:"text"`             // what is wrong, with the values
	Suggestion string   `json:"suggestion"`
}

// Error makes a Finding usable as an error; it reads outside-in.
func (f *Finding) Error() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File + ": ")
	}
	if f.Layer != "" {
		fmt.Fprintf(&b, "layer %q: ", f.Layer)
	}
	b.WriteString(f.Text)
	if f.Suggestion != "" {
		b.WriteString(" (" + f.Suggestion + ")")
	}
	return b.String()
}

// Errorf makes an error finding. Chain With… to place it.
func Errorf(code, format string, args ...any) *Finding {
	return &Finding{Severity: Error, Code: code, Text: fmt.Sprintf(format, args...)}
}

// Warnf makes a warning.
func Warnf(code, format string, args ...any) *Finding {
	return &Finding{Severity: Warning, Code: code, Text: fmt.Sprintf(format, args...)}
}

// Infof makes an informational finding.
func Infof(code, format string, args ...any) *Finding {
	return &Finding{Severity: Info, Code: code, Text: fmt.Sprintf(format, args...)}
}

// In sets the file and returns the finding.
func (f *Finding) In(file string) *Finding { f.File = file; return f }

// At sets the layer and returns the finding.
func (f *Finding) At(layer string) *Finding { f.Layer = layer; return f }

// Suggest sets the suggestion and returns the finding.
func (f *Finding) Suggest(format string, args ...any) *Finding {
	f.Suggestion = fmt.Sprintf(format, args...)
	return f
}

// List is a list of findings; as an error it joins them, a line each.
type List []*Finding

// Error joins the findings' texts by newlines.
func (l List) Error() string {
	s := make([]string, len(l))
	for i, f := range l {
		s[i] = f.Error()
	}
	return strings.Join(s, "\n")
}

// Errors returns the findings of severity Error.
func (l List) Errors() List {
	var out List
	for _, f := range l {
		if f.Severity == Error {
			out = append(out, f)
		}
	}
	return out
}

// Err returns l's errors as one error, nil where there is none.
func (l List) Err() error {
	if e := l.Errors(); len(e) > 0 {
		return e
	}
	return nil
}

// FromError turns any error into findings: those inside it where there are
// some, else one finding with the given code and the error's text.
func FromError(code string, err error) List {
	if err == nil {
		return nil
	}
	var l List
	if errors.As(err, &l) {
		return l
	}
	var f *Finding
	if errors.As(err, &f) {
		return List{f}
	}
	return List{{Severity: Error, Code: code, Text: err.Error()}}
}
