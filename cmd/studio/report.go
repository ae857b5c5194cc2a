package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"slipway/units"
)

func (a *app) reportCmd() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "report PROJECT -o report.html", Short: "One HTML file that tells a whole project",
		Args: exactly(1, "report needs a project folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usagef("report needs -o FILE")
			}
			return a.report(cmd.Context(), args[0], out)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "`FILE` to write")
	return c
}

// exactly demands n arguments.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usagef("%s", what)
		}
		return nil
	}
}

func (a *app) report(ctx context.Context, project, out string) error {
	studio := a.machine.Studio(version, "")
	defer studio.Close()
	if err := studio.OpenProject(ctx, project); err != nil {
		return err
	}
	if err := studio.WriteReport(ctx, out); err != nil {
		return err
	}
	st, err := os.Stat(out)
	if err != nil {
		return err
	}
	if a.json {
		a.print(map[string]any{"studio": version, "project": project, "path": out, "bytes": st.Size()})
	} else {
		fmt.Fprintf(a.out, "%s (%s)\n", out, units.Bytes(st.Size()))
	}
	return nil
}
