// Package ui is the studio's window: a navigation rail, one panel in front, a
// status bar with the jobs, menus, and one place where everything that is
// dropped arrives. The window is a client of project.Studio and never blocks:
// work runs in jobs, and changes come back as events.
package ui
