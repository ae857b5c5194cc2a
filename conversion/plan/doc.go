// Package plan runs one conversion as data: a Recipe says what is wanted, Run
// takes a model file through source, passes and target, and a Report says what
// happened. The same Recipe is drawn as a form, written as flags and stored in
// a project, so that every conversion can be replayed.
package plan
