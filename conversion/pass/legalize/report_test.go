package legalize

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"slipway/conversion/diag"
	"slipway/conversion/ir"
	"slipway/conversion/target"
)

// named is a target with a title of its own.
type named struct {
	only
	title string
}

func (n named) Info() target.Info {
	return target.Info{Name: strings.ToLower(n.title), Title: n.title}
}

// newer takes the operators of late, too, where nothing else helps.
type newer struct {
	only
	late map[string]bool
}

func (n newer) LastResort(node *ir.Node, _ target.Options) *diag.Finding {
	if n.late[node.Op] {
		return nil
	}
	return diag.Errorf("target.unsupported-op", "%s has no equivalent", node.Op)
}

func TestOthers(t *testing.T) {
	here := named{only{"Prim": true}, "Here"}
	there := named{only{"Prim": true, "Other": true}, "There"}
	nowhere := named{only{}, "Nowhere"}
	for _, c := range []struct {
		others []target.Target
		want   string
	}{
		{nil, "choose another target than Here"},
		{[]target.Target{here, nowhere}, "no target takes this"},
		{[]target.Target{here, nowhere, there}, "There takes it; or change these layers"},
		{[]target.Target{there, here, named{only{"Prim": true, "Other": true}, "Elsewhere"}}, "There and Elsewhere take it; or"},
	} {
		got := Run(context.Background(), chain("Half", "Other"), registry(t), here, target.Options{Others: c.others})
		if len(got) != 1 || !strings.HasPrefix(got[0].Suggestion, c.want) {
			t.Errorf("%v, want a suggestion that begins with %q", got, c.want)
		}
	}
}

func TestLastResort(t *testing.T) {
	g := chain("Half", "Other")
	if l := Run(context.Background(), g, registry(t), newer{only{"Prim": true}, map[string]bool{"Other": true, "Half": true}}, target.Options{}); l.Err() != nil {
		t.Fatal(l)
	}
	var ops []string
	for _, n := range g.Nodes {
		ops = append(ops, n.Op)
	}
	if got := fmt.Sprint(ops); got != "[Prim Other Other]" {
		t.Errorf("operators %v: a decomposition goes first", got)
	}
}
