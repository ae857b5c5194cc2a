package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"slipway/conversion/diag"
	"slipway/runtimes/library"
)

func (a *app) runtimesCmd() *cobra.Command {
	c := &cobra.Command{
		Use: "runtimes", Short: "What is found on this machine, and how to get what is not",
		RunE: func(*cobra.Command, []string) error { return usagef("runtimes needs list, install or path") },
	}
	c.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List runtimes, versions and devices", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				status := a.machine.Status(cmd.Context())
				if a.json {
					a.print(map[string]any{"studio": version, "runtimes": status})
					return nil
				}
				w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
				for _, s := range status {
					if s.OK {
						fmt.Fprintf(w, "%s\t%s %s\t%s\t%s\t%s\n", s.Name, s.Title, s.Version, strings.Join(s.Devices, ", "), strings.Join(s.Formats, " "), s.Library)
						continue
					}
					fmt.Fprintf(w, "%s\t%s\tnot available: %s\n", s.Name, s.Title, firstLine(s.Reason))
					fmt.Fprintf(w, "\t\twithout it: %s\n\t\tto get it: %s\n", s.Loses, s.Cure)
				}
				return w.Flush()
			},
		},
		&cobra.Command{
			Use: "install NAME", Short: "Install a vendor library through the package client", Args: atLeast(1, "install needs a name: "+libraryNames()),
			RunE: func(cmd *cobra.Command, args []string) error {
				for _, name := range args {
					if _, ok := library.Lookup(name); !ok {
						return usagef("there is no library %q; there are %s", name, libraryNames())
					}
					f, err := library.Install(cmd.Context(), name, func(s string) { fmt.Fprintln(a.err, s) })
					if err != nil {
						return err
					}
					if a.json {
						a.print(map[string]any{"studio": version, "name": f.Name, "path": f.Path, "version": f.Version, "origin": f.Origin})
					} else {
						fmt.Fprintf(a.out, "%s %s: %s\n", f.Name, f.Version, f.Path)
					}
				}
				return nil
			},
		},
		&cobra.Command{
			Use: "path NAME", Short: "Print where a vendor library was found", Args: atLeast(1, "path needs a name: "+libraryNames()),
			RunE: func(_ *cobra.Command, args []string) error {
				f, err := library.Find(args[0])
				if err != nil {
					return diag.Errorf("runtime.not-found", "%v", err)
				}
				if a.json {
					a.print(map[string]any{"studio": version, "name": f.Name, "path": f.Path, "version": f.Version, "origin": f.Origin})
				} else {
					fmt.Fprintln(a.out, f.Path)
				}
				return nil
			},
		},
	)
	return c
}

func firstLine(s string) string {
	l, _, _ := strings.Cut(s, "\n")
	return l
}

func libraryNames() string {
	var n []string
	for _, s := range library.Specs() {
		n = append(n, s.Name)
	}
	return strings.Join(n, ", ")
}
