// Package panel is what the window's panels share: how a panel is built, what
// it may ask of the window, and the few events that panels tell each other.
// Panels never import each other.
package panel

import (
	"sync"

	"fyne.io/fyne/v2"

	"slipway/conversion/diag"
)

// Panel is one page or pane of the window.
type Panel interface {
	ID() string                 // stable: "graph"
	Title() string              // "Graph"
	Icon() fyne.Resource        // of the navigation rail
	Content() fyne.CanvasObject // built once, on the UI goroutine
	// Shown is called on the UI goroutine each time the panel comes to front.
	Shown()
}

// Window is what a panel may ask of the window. All methods may be called from
// any goroutine.
type Window interface {
	// Show brings a panel to front.
	Show(id string)
	// Notify shows a short message that goes away by itself.
	Notify(text string)
	// Report shows findings in a dialog that says what to do about each.
	Report(title string, findings diag.List)
	// OpenFile asks for a file, of the given kinds ("Models", "onnx"), and calls
	// done with its path unless the person cancelled; done runs on the UI
	// goroutine. Folder and Save likewise.
	OpenFile(title, kind string, extensions []string, done func(path string))
	OpenFolder(title string, done func(path string))
	SaveFile(title, name string, extensions []string, done func(path string))
	// Confirm asks before something that cannot be taken back, named by verb
	// ("Delete"), and calls yes where it is confirmed.
	Confirm(title, question, verb string, yes func())
	// Ask asks for a text, value being proposed and label saying what it is for,
	// and calls done with another one that was given.
	Ask(title, label, value, verb string, done func(text string))
	// Fyne is the window itself, for popups.
	Fyne() fyne.Window
}

// Selection is the layer that is selected in all panels at once.
type Selection struct {
	mu       sync.Mutex
	layer    string
	listener []func(layer string)
}

// Get is the selected layer's name, "" for none.
func (s *Selection) Get() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.layer
}

// Set selects a layer and tells all listeners where that is a change.
func (s *Selection) Set(layer string) {
	s.mu.Lock()
	if s.layer == layer {
		s.mu.Unlock()
		return
	}
	s.layer = layer
	l := append([]func(string){}, s.listener...)
	s.mu.Unlock()
	for _, f := range l {
		f(layer)
	}
}

// Listen calls f with every change, from the goroutine that made it.
func (s *Selection) Listen(f func(layer string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener = append(s.listener, f)
}

// Env is what every panel gets.
type Env struct {
	Window    Window
	Selection *Selection
	// Cure, where not nil, is what the window can do about a finding among others;
	// nil: nothing, or nothing any more. UI goroutine.
	Cure func(f *diag.Finding, among diag.List) *Cure
}

// CureOf is Cure for the first of some findings that has one.
func (e Env) CureOf(findings diag.List) *Cure {
	for _, f := range findings {
		if e.Cure == nil {
			break
		}
		if c := e.Cure(f, findings); c != nil {
			return c
		}
	}
	return nil
}

// Cure is an action that takes a finding's reason away.
type Cure struct {
	Title, Hint string
	Icon        fyne.Resource
	Do          func() // on the UI goroutine
}
