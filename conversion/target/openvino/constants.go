package openvino

import (
	"bufio"
	"bytes"
	"hash/maphash"
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
	seed maphash.Seed
	have map[constKey][]stored
}

type constKey struct {
	hash uint64
	size int
}

type stored struct {
	tensor *tensor.Tensor
	offset int64
}

func newConstants(w io.Writer) *constants {
	return &constants{w: bufio.NewWriterSize(w, 1<<20), seed: maphash.MakeSeed(), have: map[constKey][]stored{}}
}

// put returns the offset of t's bytes, writing them unless equal bytes are in
// the file already. t must stay alive and unchanged until the file is closed.
func (c *constants) put(t *tensor.Tensor) (int64, error) {
	b := t.Bytes()
	// Deferred weights were made for one layer each and equal no other's.
	known := !t.IsDeferred()
	k := constKey{size: len(b)}
	if known {
		k.hash = maphash.Bytes(c.seed, b)
		for _, s := range c.have[k] {
			if bytes.Equal(s.tensor.Bytes(), b) {
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
	if _, err := c.w.Write(b); err != nil {
		return 0, err
	}
	c.at += int64(len(b))
	if known {
		c.have[k] = append(c.have[k], stored{t, offset})
	}
	t.Drop()
	return offset, nil
}

func (c *constants) close() error { return c.w.Flush() }
