package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// request is one call of the program.
type request struct {
	Kind    string // "open", "save" or "folder"
	Title   string
	Dir     string // where the dialog starts; "" leaves it to the system
	Name    string // for save: the proposed file name
	Filters []filter
}

// filter offers files by their extensions; "*" stands for every file.
type filter struct {
	About      string
	Extensions []string // without the dot
}

// The exit statuses.
const (
	statusChosen    = 0
	statusCancelled = 1
	statusFailed    = 2
)

// errCancelled tells that the user closed the dialog without choosing.
var errCancelled = errors.New("cancelled")

func parse(args []string) (request, error) {
	if len(args) == 0 {
		return request{}, errors.New("say what to show: open, save or folder")
	}
	r := request{Kind: args[0]}
	switch r.Kind {
	case "open", "save", "folder":
	default:
		return r, fmt.Errorf("unknown kind of dialog %q: use open, save or folder", r.Kind)
	}
	flags := flag.NewFlagSet("studio-file-dialog", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&r.Title, "title", "", "title of the dialog")
	flags.StringVar(&r.Dir, "dir", "", "folder to start in")
	flags.StringVar(&r.Name, "name", "", "proposed file name")
	flags.Func("filter", "files to offer, as `ABOUT:EXT,EXT`", func(v string) error {
		f, err := parseFilter(v)
		r.Filters = append(r.Filters, f)
		return err
	})
	if err := flags.Parse(args[1:]); err != nil {
		return r, err
	}
	if flags.NArg() > 0 {
		return r, fmt.Errorf("%q is too much", flags.Arg(0))
	}
	return r, nil
}

func parseFilter(v string) (filter, error) {
	about, list, ok := strings.Cut(v, ":")
	if !ok || about == "" {
		return filter{}, fmt.Errorf("%q is not of the form ABOUT:EXT,EXT", v)
	}
	f := filter{About: about}
	for _, e := range strings.Split(list, ",") {
		if e = strings.TrimPrefix(strings.TrimSpace(e), "."); e != "" {
			f.Extensions = append(f.Extensions, e)
		}
	}
	if len(f.Extensions) == 0 {
		return filter{}, fmt.Errorf("%q names no extension", v)
	}
	return f, nil
}

// run shows the dialog that args ask for and returns the exit status.
func run(args []string, show func(request) (string, error), stdout, stderr io.Writer) int {
	r, err := parse(args)
	if err != nil {
		fmt.Fprintln(stderr, "studio-file-dialog:", err)
		return statusFailed
	}
	path, err := guarded(show, r)
	switch {
	case errors.Is(err, errCancelled):
		return statusCancelled
	case err == nil && path == "":
		err = errors.New("the dialog returned no path")
	case err == nil:
		err = json.NewEncoder(stdout).Encode(map[string][]string{"paths": {path}})
	}
	if err != nil {
		fmt.Fprintln(stderr, "studio-file-dialog:", err)
		return statusFailed
	}
	return statusChosen
}

// guarded turns a panic of the dialogs' library into an error.
func guarded(show func(request) (string, error), r request) (path string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the dialog failed: %v", p)
		}
	}()
	return show(r)
}
