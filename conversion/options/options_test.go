package options

import (
	"strings"
	"testing"
)

type inner struct {
	Method string             `key:"method" choices:"minmax|mse"`
	Layers map[string]float64 `key:"layers" min:"0" max:"1" when:"method=mse"`
}

type sample struct {
	On    bool     `key:"on" title:"Switched on"`
	Ratio float64  `key:"ratio" min:"0" max:"0.95"`
	Count int      `key:"count" min:"1" max:"10"`
	Keep  []string `key:"keep"`
	Sub   inner    `key:"sub"`
	Skip  int      `key:"-"`
}

func TestFieldsReadAndWrite(t *testing.T) {
	s := sample{Ratio: 0.5, Count: 3, Sub: inner{Method: "minmax"}}
	all := Of(&s)
	var keys []string
	for _, f := range all {
		keys = append(keys, f.Key)
	}
	if got := strings.Join(keys, " "); got != "on ratio count keep sub.method sub.layers" {
		t.Fatalf("keys %q", got)
	}
	set := map[string]string{"on": "true", "ratio": "0.25", "count": "7", "keep": "a, b", "sub.method": "mse", "sub.layers": "x=0.5,y=1"}
	if Visible(all, &all[5]) {
		t.Error("sub.layers is visible while method is minmax")
	}
	for i := range all {
		if err := all[i].Set(set[all[i].Key]); err != nil {
			t.Error(err)
		}
	}
	if !s.On || s.Ratio != 0.25 || s.Count != 7 || len(s.Keep) != 2 || s.Sub.Layers["y"] != 1 {
		t.Errorf("got %+v", s)
	}
	if !Visible(all, &all[5]) || all[5].Get() != "x=0.5,y=1" {
		t.Errorf("sub.layers: %q", all[5].Get())
	}
}

func TestSetRefusesWithTheReason(t *testing.T) {
	s := sample{Count: 3, Sub: inner{Method: "mse"}}
	all := Of(&s)
	for i, c := range []struct{ v, want string }{{"maybe", "true or false"}, {"2", "between 0 and 0.95"}, {"11", "between 1 and 10"}, {}, {"kl", "minmax, mse"}, {"x", "NAME=NUMBER"}} {
		if c.v == "" {
			continue
		}
		if err := all[i].Set(c.v); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: %v", all[i].Key, c.v, err)
		}
	}
	s.Count = 99
	if Check(&s) == nil {
		t.Error("Check let 99 pass for a maximum of 10")
	}
}
