package project_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/conversion/source"
	"slipway/project"
	"slipway/project/jobs"
	"slipway/project/local"
	"slipway/project/pipeline"
	"slipway/project/projecttest"
)

// victim is a studio that converts without end and says on stdout, a line each,
// what it has acknowledged: "recipe RATIO" and "variant ID".
func victim(dir string) int {
	machine := local.New()
	s := machine.Studio("test", filepath.Join(dir, "data"))
	if err := s.OpenModel(context.Background(), filepath.Join(dir, "net.onnx"), filepath.Join(dir, "net.slipway")); err != nil {
		fmt.Println("error", err)
		return 1
	}
	fmt.Println("opened")
	for i := len(s.Variants()); ; i++ {
		r := s.Recipe()
		r.Prune.Method, r.Prune.Ratio = "magnitude", float64(i%9000)/1e4
		if err := s.SetRecipe(r); err != nil {
			fmt.Println("error", err)
			return 1
		}
		fmt.Printf("recipe %g\n", r.Prune.Ratio)
		ids, err := s.Convert([]string{"onnx"})
		if err != nil {
			fmt.Println("error", err)
			return 1
		}
		st, err := s.Jobs().Wait(context.Background(), ids[0])
		if err != nil || st.State != jobs.Done {
			fmt.Println("error", err, st.Findings)
			return 1
		}
		all := s.Variants()
		fmt.Printf("variant %d\n", all[len(all)-1].ID)
	}
}

// TestKilledAtAnyMoment kills a studio in the midst of conversions, opens its
// project and expects all that it had acknowledged, whole, and no worker of it
// alive.
func TestKilledAtAnyMoment(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	dir := t.TempDir()
	projecttest.Write(t, dir, "net", projecttest.Net)
	rng := rand.New(rand.NewPCG(4, 2))
	variants := map[int64]bool{}
	// A slow machine acknowledges nothing within the first moments: the last round begins to count at the first conversion.
	for round := range rounds + 1 {
		from := "opened"
		if round == rounds {
			from = "variant"
		}
		recipe := killOne(t, dir, from, time.Duration(rng.IntN(700))*time.Millisecond, variants)
		checkSurvivor(t, dir, recipe, variants)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	if len(variants) == 0 {
		t.Error("no conversion was acknowledged: nothing was tested")
	}
}

// killOne runs a victim, kills it some time after its first line that begins with
// from, and returns the last recipe that it acknowledged, -1 for none.
func killOne(t *testing.T, dir, from string, after time.Duration, variants map[int64]bool) (recipe float64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "STUDIO_TEST_VICTIM="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	recipe = -1
	var dies sync.Once
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		var id int64
		if strings.HasPrefix(line, from) {
			dies.Do(func() { time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) })
		}
		switch {
		case line == "opened":
		case strings.HasPrefix(line, "error"):
			t.Fatal(line)
		default:
			if _, err := fmt.Sscanf(line, "variant %d", &id); err == nil {
				variants[id] = true
			} else if _, err := fmt.Sscanf(line, "recipe %g", &recipe); err != nil {
				t.Fatalf("%q", line)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the studio ended by itself")
	}
	return recipe
}

func checkSurvivor(t *testing.T, dir string, recipe float64, variants map[int64]bool) {
	t.Helper()
	s := project.New(project.Env{Version: "test", DataDir: dir, Open: local.Open, Pipeline: &pipeline.Env{}})
	defer s.Close()
	folder := filepath.Join(dir, "net.slipway")
	if err := s.OpenProject(context.Background(), folder); err != nil {
		t.Fatal(err)
	}
	if got := s.Recipe().Prune.Ratio; recipe >= 0 && got < recipe {
		t.Errorf("the recipe is %g, %g was acknowledged", got, recipe)
	}
	for id := range variants {
		v := s.Variant(id)
		if v == nil {
			t.Errorf("variant %d was acknowledged and is gone", id)
			continue
		}
		if sum, err := pipeline.HashFile(v.Path); err != nil || sum != v.Result.Artefacts[0].SHA256 {
			t.Errorf("variant %d is not what was written: %v", id, err)
		}
		if m, err := local.Open(context.Background(), v.Path, source.Options{}); err != nil {
			t.Errorf("variant %d: %v", id, err)
		} else {
			m.Close()
		}
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "artefacts", ".private-*")); len(left) > 0 {
		t.Errorf("opening left %v", left)
	}
}
