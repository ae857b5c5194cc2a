package graphview

import (
	"math"
	"slices"
	"time"

	"fyne.io/fyne/v2"
)

// tourWarmUp is how long a tour moves before its frames count: pictures are
// painted for the first time then.
const tourWarmUp = 500 * time.Millisecond

// Tour shows the whole drawing, then swings the view to and fro and in and out
// for the given time, a step a frame, and reports the times between frames,
// shortest first. It measures what a person who pans and zooms sees. Call it on
// the UI goroutine; done is called there.
func (g *Graph) Tour(length time.Duration, done func(frames []time.Duration)) {
	g.Fit()
	from, size := g.cam, g.Size()
	var begin, last time.Time
	var frames []time.Duration
	var a *fyne.Animation
	a = fyne.NewAnimation(time.Hour, func(float32) {
		now := time.Now()
		if begin.IsZero() {
			begin = now
		} else if now.Sub(begin) > tourWarmUp {
			frames = append(frames, now.Sub(last))
		}
		last = now
		if now.Sub(begin) > tourWarmUp+length {
			a.Stop()
			slices.Sort(frames)
			done(frames)
			return
		}
		t := now.Sub(begin).Seconds() * 2 * math.Pi
		z := from.zoom * (1 + 0.2*math.Sin(t/3))
		g.look(camera{
			x:    from.x + 0.2*float64(size.Width)/from.zoom*math.Sin(t/2),
			y:    from.y + 0.2*float64(size.Height)/from.zoom*math.Sin(t/5),
			zoom: z,
		})
	})
	a.Start()
}
