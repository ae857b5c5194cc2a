package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"slipway/conversion/diag"
	"slipway/project/local"
	"slipway/runtimes/worker/guest"
	"slipway/ui/graphscene"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "0.1.0-dev"

// started is when the process began, for the window's trace.
var started = time.Now()

func main() {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		os.Exit(guest.Main(os.Args[2:], local.Guest()))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Exit statuses of the command line's contract.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// usageError marks an error of the call itself.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errFailed ends a verb whose report says already what failed.
var errFailed = errors.New("failed")

// run executes one command line and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{out: stdout, err: stderr, machine: local.New()}
	a.machine.Picture = graphscene.SVG
	defer a.machine.Close()
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil || errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "interrupted")
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "studio: %v\n", err)
		return exitUsage
	case errors.Is(err, errFailed):
		return exitFailed
	}
	findings := diag.FromError("studio.failed", err)
	if a.json && !a.printed {
		a.print(map[string]any{"studio": version, "ok": false, "findings": findings})
	}
	for _, f := range findings {
		printFinding(stderr, f)
	}
	return exitFailed
}

// app is one run of the program.
type app struct {
	out, err io.Writer
	machine  *local.Machine
	json     bool
	printed  bool
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "studio [PATH...]",
		Short: "Takes a trained model to the hardware it will run on",
		Long: "studio alone opens the window; studio PATH... opens a model, a project or pictures in it.\n" +
			"Every verb prints text for people, or with --json one JSON document.",
		Args: cobra.ArbitraryArgs, SilenceErrors: true, SilenceUsage: true, Version: version,
		RunE: func(cmd *cobra.Command, args []string) error { return a.window(cmd.Context(), args) },
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print one JSON document to stdout")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(a.inspectCmd(), a.convertCmd(), a.verifyCmd(), a.runCmd(), a.benchCmd(), a.evalCmd(), a.runtimesCmd(), a.demoCmd(), a.reportCmd())
	return root
}

// atLeast demands n arguments; a missing one is a usage error.
func atLeast(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < n {
			return usagef("%s", what)
		}
		return nil
	}
}

// print writes one JSON document.
func (a *app) print(v any) {
	a.printed = true
	e := json.NewEncoder(a.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		fmt.Fprintf(a.err, "studio: %v\n", err)
	}
}

// envelope is the document of a verb with several results: the list, and beside
// it the keys of the first one, for callers that asked for one thing.
func envelope[T any](rows []T) (map[string]any, error) {
	doc := map[string]any{}
	if len(rows) > 0 {
		b, err := json.Marshal(rows[0])
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(b, &doc); err != nil {
			return nil, err
		}
	}
	doc["studio"] = version
	if rows == nil {
		rows = []T{}
	}
	doc["results"] = rows
	return doc, nil
}

func printFinding(w io.Writer, f *diag.Finding) {
	fmt.Fprintf(w, "%s [%s] %s\n", f.Severity, f.Code, f.Error())
	if len(f.Layers) > 1 || len(f.Layers) == 1 && f.Layers[0] != f.Layer {
		plain := *f
		plain.File = "" // which Error says already
		fmt.Fprintf(w, "    %s\n", plain.Where())
	}
}
