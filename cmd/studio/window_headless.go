//go:build headless

package main

import (
	"context"

	"slipway/conversion/diag"
)

// window says that this build has none.
func (a *app) window(context.Context, []string) error {
	return diag.Errorf("studio.headless", "this build has no window").Suggest("use a verb (studio --help), or the full build")
}

func hasWindow() bool { return false }
