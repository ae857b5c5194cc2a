//go:build unix

package windowtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is the deadline of every wait: generous, for a slow machine under
// load. Nothing is measured by it.
const patience = 120 * time.Second

// pollEvery is the pause between two looks at what no line announces.
const pollEvery = 50 * time.Millisecond

// programs that drive a window.
var programs = []string{"Xvfb", "xdotool", "import", "python3"}

// screen is a display of the test's own.
type screen struct {
	name    string // ":99"
	python  string // one that has Xlib
	managed bool   // there is a window manager
}

// newScreen starts a display on a free number, with openbox where it is
// installed.
func newScreen(t *testing.T) *screen {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is missing: scripts/system-packages window installs it", p)
		}
	}
	s := &screen{}
	for _, p := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(p, "-c", "import Xlib").Run() == nil {
			s.python = p
			break
		}
	}
	if s.python == "" {
		t.Skip("python3-xlib is missing: scripts/system-packages window installs it")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1300x900x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	start(t, x)
	w.Close()
	r.SetReadDeadline(time.Now().Add(patience))
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb did not say its display's number: %v", err)
	}
	s.name = ":" + strings.TrimSpace(number)
	if _, err := exec.LookPath("openbox"); err == nil {
		m := exec.Command("openbox")
		m.Env = append(os.Environ(), "DISPLAY="+s.name)
		start(t, m)
		s.managed = true
	}
	return s
}

// start runs a command until the test ends.
func start(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
}

// home is a user's home for one test.
type home struct {
	dir string
	env []string // what is different there
}

func newHome(t *testing.T, theme string) home {
	h := home{dir: t.TempDir()}
	h.setTheme(t, theme)
	return h
}

func (h home) settings() string { return filepath.Join(h.dir, "config", "slipway", "settings.json") }

func (h home) setTheme(t *testing.T, theme string) {
	t.Helper()
	text := []byte(fmt.Sprintf(`{"theme": %q, "window": [1280, 820]}`, theme))
	if old, err := os.ReadFile(h.settings()); err == nil {
		text = regexp.MustCompile(`"theme": "[a-z]*"`).ReplaceAll(old, []byte(fmt.Sprintf(`"theme": %q`, theme)))
	}
	if err := os.MkdirAll(filepath.Dir(h.settings()), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.settings(), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// window is a running studio.
type window struct {
	t      *testing.T
	screen *screen
	cmd    *exec.Cmd
	id     string // of the X window
	ended  chan struct{}
	err    error // how it ended

	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed and replaced with every line
}

// open starts the studio and waits until its window is there.
func (s *screen) open(t *testing.T, h home, args ...string) *window {
	t.Helper()
	bin := os.Getenv("STUDIO_BIN")
	if bin == "" {
		t.Skip("STUDIO_BIN names no built studio")
	}
	w := &window{t: t, screen: s, ended: make(chan struct{}), more: make(chan struct{})}
	w.cmd = exec.Command(bin, args...)
	w.cmd.Env = append(os.Environ(), "DISPLAY="+s.name, "WAYLAND_DISPLAY=", "STUDIO_TRACE=1", "STUDIO_CHECK_THREADS=1", "LIBGL_ALWAYS_SOFTWARE=1", "LANG=C.UTF-8", "FYNE_SCALE=1",
		"HOME="+h.dir, "XDG_CONFIG_HOME="+filepath.Join(h.dir, "config"), "XDG_DATA_HOME="+filepath.Join(h.dir, "data"))
	w.cmd.Env = append(w.cmd.Env, h.env...)
	r, err := w.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go w.read(r)
	t.Cleanup(func() {
		w.cmd.Process.Kill()
		<-w.ended
		for i, l := range w.all() { // what the toolkit says with STUDIO_CHECK_THREADS, and where
			if strings.Contains(l, "Error in Fyne call thread") {
				t.Error(strings.Join(w.all()[i:min(i+2, len(w.all()))], " "))
			}
		}
		if t.Failed() {
			for _, l := range w.all() {
				if !strings.HasPrefix(l, "place") {
					t.Log("the studio said: ", l)
				}
			}
		}
	})
	w.wait(`^panel start$`)
	w.id = strings.Fields(w.tool("search", "--sync", "--onlyvisible", "--name", "^Slipway"))[0]
	if s.managed {
		w.tool("windowactivate", "--sync", w.id)
	} else {
		w.tool("windowfocus", "--sync", w.id)
	}
	return w
}

func (w *window) read(r io.Reader) {
	s := bufio.NewScanner(r)
	for s.Scan() {
		w.mu.Lock()
		w.lines = append(w.lines, s.Text())
		close(w.more)
		w.more = make(chan struct{})
		w.mu.Unlock()
	}
	w.err = w.cmd.Wait()
	close(w.ended)
}

func (w *window) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.lines...)
}

// mark is the number of lines so far, for waitAfter.
func (w *window) mark() int { return len(w.all()) }

// wait waits for a line since the start and returns its submatches.
func (w *window) wait(pattern string) []string { w.t.Helper(); return w.waitAfter(0, pattern) }

// waitAfter waits for a line after a mark.
func (w *window) waitAfter(mark int, pattern string) []string {
	w.t.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(patience)
	for {
		w.mu.Lock()
		lines, more := w.lines[mark:], w.more
		w.mu.Unlock()
		for _, l := range lines {
			if m := re.FindStringSubmatch(l); m != nil {
				return m
			}
		}
		select {
		case <-more:
		case <-w.ended:
			w.t.Fatalf("the studio ended (%v) before it said %s", w.err, pattern)
		case <-deadline:
			w.t.Fatalf("the studio did not say %s", pattern)
		}
	}
}

// tool runs xdotool.
func (w *window) tool(args ...string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "xdotool", args...)
	c.Env = append(os.Environ(), "DISPLAY="+w.screen.name, "LANG=C.UTF-8")
	out, err := c.CombinedOutput()
	if err != nil {
		w.t.Fatalf("xdotool %s: %v %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (w *window) key(chord string) { w.t.Helper(); w.tool("key", chord) }

// text types into what has the focus.
func (w *window) text(s string) { w.t.Helper(); w.tool("type", "--delay", "20", s) }

// page goes to a panel by its key.
func (w *window) page(key, id string) {
	w.t.Helper()
	mark := w.mark()
	w.key(key)
	w.waitAfter(mark, "^panel "+id+"$")
}

// place is something that can be pressed, as the studio tells it.
type place struct {
	kind, text string
	x, y       int // of its middle, in the window
	disabled   bool
}

var placeLine = regexp.MustCompile(`^place (\w+) (-?\d+) (-?\d+) (\d+) (\d+) (true|false) (.*)$`)

// places asks what can be pressed now.
func (w *window) places() []place {
	w.t.Helper()
	mark := w.mark()
	if err := w.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		w.t.Fatal(err)
	}
	w.waitAfter(mark, "^places$")
	var out []place
	for _, l := range w.all()[mark:] {
		if m := placeLine.FindStringSubmatch(l); m != nil {
			n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
			out = append(out, place{m[1], m[7], n(2) + n(4)/2, n(3) + n(5)/2, m[6] == "true"})
		}
	}
	return out
}

// find waits for something to press whose text begins so, or is that where a $
// stands at the end, and that is not grey.
func (w *window) find(text string) place {
	w.t.Helper()
	var seen []place
	whole, exact := strings.CutSuffix(text, "$")
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(pollEvery) {
		seen = w.places()
		for _, p := range seen {
			if strings.HasPrefix(p.text, whole) && (!exact || p.text == whole) && !p.disabled {
				return p
			}
		}
	}
	w.t.Fatalf("there is no %q to press among %+v", text, seen)
	return place{}
}

// click presses it.
func (w *window) click(text string) {
	w.t.Helper()
	p := w.find(text)
	w.tool("mousemove", "--window", w.id, strconv.Itoa(p.x), strconv.Itoa(p.y), "click", "1")
}

// drop drags files onto the window's middle.
func (w *window) drop(files ...string) {
	w.t.Helper()
	c := exec.Command(w.screen.python, append([]string{"xdnd.py", w.id, "60"}, files...)...)
	c.Env = append(os.Environ(), "DISPLAY="+w.screen.name)
	if out, err := c.CombinedOutput(); err != nil {
		w.t.Fatalf("drop of %v: %v %s", files, err, out)
	}
}

// settled is how many looks in a row must show the same.
const settled = 8

// quit ends the studio as a person does and checks that it ends well.
func (w *window) quit() {
	w.t.Helper()
	w.key("ctrl+q")
	select {
	case <-w.ended:
		if w.err != nil {
			w.t.Fatalf("the studio ended with %v", w.err)
		}
	case <-time.After(patience):
		w.t.Fatal("the studio did not end")
	}
}
