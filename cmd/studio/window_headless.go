//go:build headless

package main

import (
	"context"
	"os"

	"slipway/conversion/diag"
)

// window says that this build has none.
func (a *app) window(_ context.Context, paths []string) error {
	for _, p := range paths {
		if _, err := os.Stat(p); err != nil {
			return usagef("%s: there is no such file", p)
		}
	}
	return diag.Errorf("studio.headless", "this build has no window").Suggest("use a verb (studio --help), or the full build")
}

func hasWindow() bool { return false }
