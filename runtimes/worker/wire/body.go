package wire

import (
	"context"
	"encoding/json"
	"errors"

	"slipway/conversion/diag"
	"slipway/runtimes"
)

// HelloBody is the guest's first message.
type HelloBody struct {
	Version int    `json:"version"`
	Cookie  string `json:"cookie"`
}

// OpenBody asks for a session; the answer is OpenedBody.
type OpenBody struct {
	Model   runtimes.Model   `json:"model"`
	Options runtimes.Options `json:"options"`
}

// OpenedBody describes the session that the result's Session names.
type OpenedBody struct {
	Inputs  []runtimes.IO `json:"inputs"`
	Outputs []runtimes.IO `json:"outputs"`
	Tracer  bool          `json:"tracer"`
}

// BeatBody is sent every half second, whatever the runtime is doing.
type BeatBody struct {
	Stage string `json:"stage"` // "open net.onnx", "run", "" when idle
	RSS   int64  `json:"rss"`   // bytes
	Peak  int64  `json:"peak"`  // bytes
}

// FailureBody is an error on its way to the other process.
type FailureBody struct {
	Type     string    `json:"type"`
	Runtime  string    `json:"runtime,omitempty"`
	Stage    string    `json:"stage,omitempty"`
	Text     string    `json:"text,omitempty"`
	Cure     string    `json:"cure,omitempty"`
	Findings diag.List `json:"findings,omitempty"`
}

const (
	typeRefused      = "refused"
	typeNotAvailable = "not-available"
	typeCancelled    = "cancelled"
	typeStopped      = "stopped"
	typeFinding      = "finding"
	typeFindings     = "findings"
	typeOther        = "other"
)

// EncodeError makes the body of a Failure.
func EncodeError(err error) []byte {
	f := FailureBody{Type: typeOther, Text: err.Error()}
	var refused *runtimes.RefusedError
	var absent *runtimes.NotAvailableError
	var list diag.List
	var finding *diag.Finding
	switch {
	case errors.As(err, &refused):
		f = FailureBody{Type: typeRefused, Runtime: refused.Runtime, Stage: refused.Stage, Text: refused.Text}
	case errors.As(err, &absent):
		f = FailureBody{Type: typeNotAvailable, Runtime: absent.Runtime, Text: absent.Reason, Cure: absent.Cure}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		f.Type = typeCancelled
	case errors.Is(err, runtimes.ErrStopped):
		f.Type = typeStopped
	case errors.As(err, &list):
		f = FailureBody{Type: typeFindings, Findings: list}
	case errors.As(err, &finding):
		f = FailureBody{Type: typeFinding, Findings: diag.List{finding}}
	}
	return JSON(f)
}

// DecodeError is the inverse of EncodeError, up to the text of wrapping errors.
func DecodeError(body []byte) error {
	var f FailureBody
	if err := json.Unmarshal(body, &f); err != nil {
		return errMalformed
	}
	switch {
	case f.Type == typeRefused:
		return &runtimes.RefusedError{Runtime: f.Runtime, Stage: f.Stage, Text: f.Text}
	case f.Type == typeNotAvailable:
		return &runtimes.NotAvailableError{Runtime: f.Runtime, Reason: f.Text, Cure: f.Cure}
	case f.Type == typeCancelled:
		return context.Canceled
	case f.Type == typeStopped:
		return runtimes.ErrStopped
	case f.Type == typeFindings:
		return f.Findings
	case f.Type == typeFinding && len(f.Findings) == 1:
		return f.Findings[0]
	}
	return errors.New(f.Text)
}

// JSON encodes a body. The bodies of this package always can be.
func JSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return b
}
