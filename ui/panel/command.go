package panel

import "fyne.io/fyne/v2"

// Command is an action of a panel that stands in the window's menus, with its
// key. A focused entry would swallow keys given anywhere else.
type Command struct {
	Menu  string // "Graph", "Run"
	Title string
	// Panel, where not "", is brought to front before.
	Panel string
	Key   fyne.Shortcut   // nil: none
	Also  []fyne.Shortcut // other keys for the same
	Do    func()          // on the UI goroutine
	// Why, where not nil, says why the action cannot be taken now, "" where it
	// can: the menu shows it greyed, with the reason.
	Why func() string
}

// Commander is a panel with commands, which are asked for once.
type Commander interface {
	Commands() []Command
}
