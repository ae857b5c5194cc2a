package project

import (
	"context"

	"slipway/project/jobs"
)

// installKind is the kind of the jobs that Install queues.
const installKind = "install"

// Install queues the installation of a vendor's library by install, which
// reports its progress in words; afterwards the runtimes are looked at again.
// It is never started but by the person's wish: it uses the network.
func (s *Studio) Install(title string, install func(ctx context.Context, progress func(string)) error) int64 {
	return s.queue.Submit(installKind, "install "+title, func(ctx context.Context, h *jobs.Handle) error {
		err := install(ctx, func(text string) {
			h.Progress(text, 0)
			h.Log("%s", text)
		})
		if err != nil {
			return err
		}
		h.Progress("looking at the runtimes", 0.95)
		s.LookAtRuntimes(ctx)
		return nil
	})
}
