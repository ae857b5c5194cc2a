//go:build !darwin

package coreml

import (
	"slipway/conversion/schema/mil"
	"slipway/runtimes"
)

func version() string { return "" }

func load() error {
	_, err := Find()
	return err
}

func open(string, *mil.Model, int) (runtimes.Session, error) { return nil, load() }
