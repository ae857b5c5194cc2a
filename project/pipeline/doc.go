// Package pipeline takes one model to one target from end to end: conversion in
// a worker process, verification on the target's own runtime, and only then the
// final name. The window, the command line and the demo all use it.
package pipeline
