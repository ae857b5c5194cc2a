package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slipway/conversion/options"
	"slipway/conversion/plan"
)

// TestHelpNamesWhatOptionsTake looks at every option of every verb: a value has a
// name that says what it is, not its type.
func TestHelpNamesWhatOptionsTake(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			name, usage := pflag.UnquoteUsage(f)
			if usage == "" {
				t.Errorf("%s --%s has no words", c.Name(), f.Name)
			}
			if f.Value.Type() != "bool" && name != strings.ToUpper(name) && !strings.Contains(name, "=") {
				t.Errorf("%s --%s takes a %q", c.Name(), f.Name, name)
			}
		})
		for _, k := range c.Commands() {
			if !k.Hidden {
				walk(k)
			}
		}
	}
	walk((&app{}).root())
}

// TestHelpOfConvertNamesEverySetting: what has no flag is a key of --set.
func TestHelpOfConvertNamesEverySetting(t *testing.T) {
	r := plan.Default()
	keys := map[string]bool{}
	help := convertHelp()
	for _, f := range options.Of(&r) {
		keys[f.Key] = true
	}
	for _, k := range flagged {
		if !keys[k] {
			t.Errorf("%s is no setting", k)
		}
		delete(keys, k)
	}
	for k := range keys {
		if !strings.Contains(help, "  "+k+" ") {
			t.Errorf("the help lacks %s", k)
		}
	}
}
