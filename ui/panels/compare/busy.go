package compare

import (
	"fyne.io/fyne/v2"

	"slipway/profiler/charts"
	"slipway/project/jobs"
)

// measuring is what runs or waits at the moment.
type measuring struct{ bench, eval bool }

func underWay(list []jobs.Status) measuring {
	var m measuring
	for _, j := range list {
		if !j.State.Ended() {
			m.bench, m.eval = m.bench || j.Kind == "bench", m.eval || j.Kind == "eval"
		}
	}
	return m
}

// latency says why a measurement of it cannot be started now, "" where it can.
func (m measuring) latency() string {
	if m.bench {
		return "latency is being measured"
	}
	return ""
}

// accuracy is the like for accuracy.
func (m measuring) accuracy() string {
	if m.eval {
		return "accuracy is being measured"
	}
	return ""
}

// say replaces what charts show as long as they are empty.
func (m measuring) say(latency, memory, accuracy *charts.Bars) {
	const now = "Being measured …"
	if m.bench {
		latency.Empty, memory.Empty = now, now
	}
	if m.eval {
		accuracy.Empty = now
	}
}

// follow draws the page again where a measurement began or ended.
func (p *Panel) follow() {
	var last measuring
	for range p.wake {
		if now := underWay(p.needs.Jobs().List()); now != last {
			last = now
			fyne.Do(p.reload)
		}
	}
}
