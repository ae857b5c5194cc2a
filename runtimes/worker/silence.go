package worker

import (
	"time"

	"slipway/runtimes"
)

// watchSilence stops p when it owes an answer and its heartbeat has been away
// for limit: then the whole process is stopped or stuck, since the heartbeat
// comes from a thread that no runtime touches. Ticks are counted, not time, so
// that a host that was itself stopped does not blame its guests.
func watchSilence(p *process, limit time.Duration) {
	if limit <= 0 {
		return
	}
	const ticks = 8
	go func() {
		tick := time.NewTicker(limit / ticks)
		defer tick.Stop()
		var seen time.Time
		for n := 0; ; {
			select {
			case <-p.dead:
				return
			case <-tick.C:
			}
			p.mu.Lock()
			last, owes, stage := p.beatAt, len(p.pending) > 0, p.beat.Stage
			p.mu.Unlock()
			if n++; !owes || !last.Equal(seen) {
				n, seen = 0, last
			}
			if n >= ticks {
				if stage == "" {
					stage = "a call"
				}
				p.stop(&runtimes.TimeoutError{Runtime: p.name, Stage: stage, After: limit})
				return
			}
		}
	}()
}
