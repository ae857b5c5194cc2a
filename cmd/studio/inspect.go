package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"slipway/conversion/plan"
	"slipway/conversion/source"
	"slipway/conversion/summary"
	"slipway/conversion/target"
	"slipway/project/local"
	"slipway/units"
)

func (a *app) inspectCmd() *cobra.Command {
	var targets []string
	var shapes, keep []string
	var precision string
	c := &cobra.Command{
		Use: "inspect MODEL", Short: "What a model is: interface, layers, operators, findings",
		Args: atLeast(1, "inspect needs a model file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			fixed, err := parseShapes(shapes)
			if err != nil {
				return err
			}
			if slices.Equal(targets, []string{"all"}) {
				targets = targetNames()
			}
			if precision != "" && !slices.Contains([]string{"fp32", "fp16", "int8"}, precision) {
				return usagef("--precision %q is not fp32, fp16 or int8", precision)
			}
			return a.inspect(cmd.Context(), args[0], targets, fixed, plan.Wanted{Precision: precision, KeepFloat: keep})
		},
	}
	c.Flags().StringSliceVar(&targets, "target", nil, "also say what would not convert to `TARGET,...` (all: every one), what is written in simpler operators, what is slow there")
	c.Flags().StringVar(&precision, "precision", "", "with --target: `FORMAT` int8 says what each layer will compute in")
	c.Flags().StringSliceVar(&keep, "keep-float", nil, "with --precision int8: `LAYER,...` that stay in float")
	c.Flags().StringArrayVar(&shapes, "input-shape", nil, "`NAME=1,3,224,224` fixes an input's shape (once per input)")
	return c
}

func (a *app) inspect(ctx context.Context, path string, targets []string, shapes map[string][]int64, q plan.Wanted) error {
	m, err := local.Open(ctx, path, source.Options{KeepUnknown: true, InputShapes: shapes})
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }() // only releases the map
	s := summary.Of(m)
	support, err := local.Support(ctx, path, targets, shapes, q)
	if err != nil {
		return usageError{err}
	}
	if a.json {
		a.print(struct {
			Studio string `json:"studio"`
			Model  string `json:"model"`
			*summary.Summary
			Targets []plan.Support `json:"targets,omitempty"`
		}{version, path, s, support})
	} else {
		a.inspectText(s, support)
	}
	if len(s.Findings.Errors()) > 0 {
		return errFailed
	}
	return nil
}

func (a *app) inspectText(s *summary.Summary, support []plan.Support) {
	fmt.Fprintf(a.out, "%s, %s", s.Format, s.Version)
	if s.Producer != "" {
		fmt.Fprintf(a.out, ", made by %s", s.Producer)
	}
	fmt.Fprintf(a.out, "\n%s parameters in %s, %s multiply-accumulates, %d layers\n\n", units.Count(s.Params), units.Bytes(s.Bytes), units.Count(s.MACs), len(s.Layers))
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, io := range s.Inputs {
		fmt.Fprintf(w, "input\t%s\t%s\t[%s]\n", io.Name, io.DType, summary.Join(io.Shape, ","))
	}
	for _, io := range s.Outputs {
		fmt.Fprintf(w, "output\t%s\t%s\t[%s]\n", io.Name, io.DType, summary.Join(io.Shape, ","))
	}
	w.Flush()
	fmt.Fprintln(a.out)
	for _, op := range s.TopOperators() {
		fmt.Fprintf(a.out, "%5d × %s\n", s.Operators[op], op)
	}
	fmt.Fprintln(a.out)
	w = tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "layer\toperator\toutput\tparameters\tMACs\tattributes")
	for _, l := range s.Layers {
		fmt.Fprintf(w, "%s\t%s\t%s[%s]\t%s\t%s\t%s\n", l.Name, l.Op, l.DType, summary.Join(l.Output, ","), units.Count(l.Params), units.Count(l.MACs), l.Attrs)
	}
	w.Flush()
	for _, f := range s.Findings {
		printFinding(a.out, f)
	}
	a.supportText(support, texts(s.Findings))
	a.sideBySide(support)
}

// supportText prints what the targets would do. Those that refuse the model for the
// same reasons are named together, and what was said of the model itself (said) is
// not said again.
func (a *app) supportText(support []plan.Support, said []string) {
	for len(support) > 0 {
		t := support[0]
		findings := t.Remarks()
		names := []string{t.Target}
		for support = support[1:]; !t.OK && len(support) > 0 && !support[0].OK && slices.Equal(texts(findings), texts(support[0].Remarks())); support = support[1:] {
			names = append(names, support[0].Target)
		}
		which, brief := "target", t.Brief()
		if len(names) > 1 {
			which = "targets"
		}
		if !t.OK { // why is what follows
			brief = "cannot be converted"
		}
		fmt.Fprintf(a.out, "\n%s %s: %s\n", which, strings.Join(names, ", "), brief)
		for _, f := range findings {
			if t.OK || !slices.Contains(said, f.Error()) {
				printFinding(a.out, f)
			}
		}
	}
}

// sideBySide is the table of what each layer computes in on each target.
func (a *app) sideBySide(support []plan.Support) {
	table := plan.SideBySide(support)
	if len(table.Rows) == 0 {
		return
	}
	fmt.Fprintln(a.out)
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "layer\toperator\t%s\n", strings.Join(table.Targets, "\t"))
	for _, r := range table.Rows {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.Layer, r.Op, strings.Join(r.In, "\t"))
	}
	w.Flush()
	fmt.Fprintln(a.out)
	for _, n := range table.Notes {
		fmt.Fprintf(a.out, "%s: %s\n", strings.Join(n.Targets, ", "), n.Text)
	}
}

// parseProfile reads NAME=MIN:BEST:LARGEST, each a list of sizes.
func parseProfile(s string) (string, target.Range, error) {
	i := strings.LastIndex(s, "=")
	parts := strings.Split(s[i+1:], ":")
	if i <= 0 || len(parts) != 3 {
		return "", target.Range{}, usagef("--profile %q is not NAME=1,3,32,32:8,3,224,224:32,3,640,640", s)
	}
	var lists [3][]int64
	for k, p := range parts {
		for _, d := range strings.Split(p, ",") {
			n, err := strconv.ParseInt(strings.TrimSpace(d), 10, 64)
			if err != nil {
				return "", target.Range{}, usagef("--profile %q: %q is no size", s, d)
			}
			lists[k] = append(lists[k], n)
		}
	}
	return s[:i], target.Range{Min: lists[0], Opt: lists[1], Max: lists[2]}, nil
}

// parseShapes reads NAME=1,3,224,224; -1 means dynamic.
func parseShapes(list []string) (map[string][]int64, error) {
	out := map[string][]int64{}
	for _, s := range list {
		i := strings.LastIndex(s, "=")
		if i <= 0 {
			return nil, usagef("--input-shape %q is not NAME=1,3,224,224", s)
		}
		for _, d := range strings.Split(s[i+1:], ",") {
			var n int64
			if _, err := fmt.Sscanf(strings.TrimSpace(d), "%d", &n); err != nil || n == 0 || n < -1 {
				return nil, usagef("--input-shape %q: %q is no dimension", s, d)
			}
			out[s[:i]] = append(out[s[:i]], n)
		}
	}
	return out, nil
}
