package ncnn

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"slipway/conversion/ir"
	schema "slipway/conversion/schema/ncnn"
	"slipway/conversion/target"
)

var _ target.Namer = Target{}

// call names the blobs after the tensors of the source that they hold; of
// several in one blob the first counts. Inputs and outputs have names of their
// own.
func (e *emitter) call(nodes []*ir.Node) {
	done := map[*blob]bool{}
	for _, n := range nodes {
		for _, v := range n.Outputs {
			b := e.at[v]
			if v == nil || b == nil || done[b] || b.from == nil || b.from.typ == "Input" || b.from.typ == "MemoryData" {
				continue
			}
			done[b] = true
			b.name = e.unique("b:", v.Name)
		}
	}
}

// maxLine is beyond what a layer's line takes.
const maxLine = 1 << 24

// Tensors lists the blobs of the .param file at path. They bear the names of the
// source's tensors, up to spaces.
func (Target) Tensors(_ context.Context, path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("ncnn: %w", err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(make([]byte, 64<<10), maxLine)
	var out []string
	for n := 0; s.Scan(); n++ {
		l := strings.Fields(s.Text())
		if n < 2 && len(l) > 0 && (n > 0 || l[0] == schema.Magic) {
			continue // the format's number, and how many layers and blobs there are
		}
		if len(l) < 4 {
			return nil, fmt.Errorf("ncnn: %s: line %d is no layer", filepath.Base(path), n+1)
		}
		ins, err1 := strconv.Atoi(l[2])
		outs, err2 := strconv.Atoi(l[3])
		if err1 != nil || err2 != nil || ins < 0 || outs < 0 || ins > len(l)-4 || outs > len(l)-4-ins {
			return nil, fmt.Errorf("ncnn: %s: line %d is no layer", filepath.Base(path), n+1)
		}
		out = append(out, l[4+ins:4+ins+outs]...)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("ncnn: %s: %w", filepath.Base(path), err)
	}
	return out, nil
}
