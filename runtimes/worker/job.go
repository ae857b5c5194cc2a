package worker

import (
	"context"

	"slipway/runtimes/worker/wire"
)

// Job runs the job function that the program registered under kind inside the
// worker. progress, which may be nil, is called in order and must return soon;
// it is not called any more once Job has returned.
//
// When ctx is cancelled, the job is asked to stop; half a second later the
// process is killed. The error is then ctx's, or a *runtimes.TimeoutError where
// a deadline passed. Errors of the job itself come back as findings where they
// were findings, else by their text.
func (w *Worker) Job(ctx context.Context, kind string, payload []byte, progress func([]byte)) ([]byte, error) {
	stage := "job " + kind
	var out []byte
	err := w.call(ctx, "", func(p *process) error {
		m, err := p.call(ctx, stage, &wire.Message{Kind: wire.Job, Text: kind, Payload: payload}, progress)
		if err == nil {
			out = m.Payload
		}
		return err
	})
	return out, err
}
