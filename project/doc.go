// Package project is the application without its window: one open model with
// its recipe, variants, jobs and results, stored as it changes. The window, the
// demo and the tests are clients of Studio; they hear of changes by events.
package project
