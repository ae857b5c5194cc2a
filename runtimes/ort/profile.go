package ort

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"slipway/runtimes"
)

// event is one entry of the profile that ONNX Runtime writes (a list in
// Chrome's trace format).
type event struct {
	Cat  string `json:"cat"`
	Name string `json:"name"`
	Dur  int64  `json:"dur"` // microseconds
	Args struct {
		Op       string                   `json:"op_name"`
		Provider string                   `json:"provider"`
		Inputs   []map[string]interface{} `json:"input_type_shape"`
	} `json:"args"`
}

// readProfile sums a profile's kernel times by node, in order of execution, and
// divides them by the number of runs. Exec is the provider and the element
// types of the inputs: "CPUExecutionProvider uint8,int8".
func readProfile(path string) ([]runtimes.LayerTime, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("ort: profile: %w", err)
	}
	var events []event
	if err := json.Unmarshal(data, &events); err != nil {
		return nil, fmt.Errorf("ort: profile: %w", err)
	}
	var out []runtimes.LayerTime
	index := map[string]int{}
	runs := 0
	for _, e := range events {
		if e.Cat == "Session" && e.Name == "model_run" {
			runs++
		}
		name, ok := strings.CutSuffix(e.Name, "_kernel_time")
		if e.Cat != "Node" || !ok {
			continue
		}
		i, ok := index[name]
		if !ok {
			i = len(out)
			index[name] = i
			var types []string
			for _, in := range e.Args.Inputs {
				for t := range in {
					types = append(types, t)
				}
			}
			out = append(out, runtimes.LayerTime{
				Layer: name, Type: e.Args.Op,
				Exec: strings.TrimSpace(e.Args.Provider + " " + strings.Join(types, ",")),
			})
		}
		out[i].Time += time.Duration(e.Dur) * time.Microsecond
	}
	if runs == 0 {
		return nil, runtimes.Refuse(Name, "trace", "nothing was run yet")
	}
	for i := range out {
		out[i].Time /= time.Duration(runs)
	}
	return out, nil
}
