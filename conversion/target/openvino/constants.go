package openvino

import (
	"bufio"
	"io"

	"slipway/conversion/tensor"
)

// alignment of every constant in the .bin file, so that a mapped file gives
// aligned tensors.
const alignment = 64

// constants streams tensors to the .bin file and finds equal ones.
type constants struct {
	w    *bufio.Writer
	at   int64
	have map[constKey][]stored
}

type constKey struct {
	sample string
	size   int
}

type stored struct {
	tensor *tensor.Tensor
	offset int64
}

func newConstants(w io.Writer) *constants {
	return &constants{w: bufio.NewWriterSize(w, 1<<20), have: map[constKey][]stored{}}
}

// put returns the offset of t's bytes, writing them unless equal bytes are in
// the file already. t must stay alive and unchanged until the file is closed.
func (c *constants) put(t *tensor.Tensor) (int64, error) {
	// Deferred weights were made for one layer each and equal no other's.
	known := !t.IsDeferred()
	k := constKey{size: t.Size()}
	if known {
		k.sample = t.Sample()
		for _, s := range c.have[k] {
			if tensor.SameBytes(s.tensor, t) {
				return s.offset, nil
			}
		}
	}
	if pad := -c.at & (alignment - 1); pad > 0 {
		var zero [alignment]byte
		if _, err := c.w.Write(zero[:pad]); err != nil {
			return 0, err
		}
		c.at += pad
	}
	offset := c.at
	n, err := t.WriteTo(c.w)
	if err != nil {
		return 0, err
	}
	c.at += n
	if known {
		c.have[k] = append(c.have[k], stored{t, offset})
	}
	t.Drop()
	return offset, nil
}

func (c *constants) close() error { return c.w.Flush() }
