package tensor

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// transposed is the definition, element by element.
func transposed(t *Tensor, perm []int) []byte {
	w := t.dtype.Bits() / 8
	rank := t.Rank()
	stride := make([]int, rank)
	for a, s := rank-1, w; a >= 0; a-- {
		stride[a] = s
		s *= t.shape[a]
	}
	index := make([]int, rank)
	src := t.Bytes()
	out := make([]byte, 0, len(src))
	for range t.Len() {
		from := 0
		for i, p := range perm {
			from += index[i] * stride[p]
		}
		out = append(out, src[from:from+w]...)
		for i := rank - 1; i >= 0; i-- {
			if index[i]++; index[i] < t.shape[perm[i]] {
				break
			}
			index[i] = 0
		}
	}
	return out
}

// noise is a tensor of random bytes at an odd address, as in a mapped file.
func noise(d DType, shape ...int) *Tensor {
	n, _ := NumElements(shape)
	b := make([]byte, d.ByteSize(n)+1)
	rand.NewChaCha8([32]byte{1}).Read(b)
	t, err := FromBytes(d, shape, b[1:])
	if err != nil {
		panic(err)
	}
	return t
}

func TestTransposed(t *testing.T) {
	for _, c := range []struct {
		dtype DType
		shape []int
		perm  []int
	}{
		{Float32, []int{3, 5}, []int{1, 0}},
		{Float32, []int{3, 5}, []int{0, 1}},
		{Uint8, []int{1, 7, 1, 9}, []int{3, 2, 1, 0}},
		{Float16, []int{4, 3, 2, 5}, []int{0, 2, 3, 1}},
		{Float64, []int{4, 3, 2, 5}, []int{2, 0, 3, 1}},
		{Complex128, []int{2, 3, 4}, []int{1, 0, 2}},
		{Int32, []int{2, 0, 3}, []int{2, 1, 0}},
		{Float32, []int{}, []int{}},
		// Large enough for several bands, by both walks.
		{Float32, []int{2100, 2300}, []int{1, 0}},
		{Uint8, []int{5, 1700, 2100}, []int{0, 2, 1}},
		{Float16, []int{40, 600, 450}, []int{1, 0, 2}},
		{Float32, []int{1030, 7, 1009}, []int{2, 0, 1}},
	} {
		t.Run(fmt.Sprint(c.dtype, c.shape, c.perm), func(t *testing.T) {
			if n, _ := NumElements(c.shape); n > 1<<20 && testing.Short() {
				t.Skip("large")
			}
			src := noise(c.dtype, c.shape...)
			var released int
			src.Backed(func(b []byte) { released += len(b) })
			got, err := src.Transposed(c.perm...)
			if err != nil {
				t.Fatal(err)
			}
			want := transposed(src, c.perm)
			if !bytes.Equal(got.Bytes(), want) {
				t.Fatal("wrong elements")
			}
			var b bytes.Buffer
			if n, err := got.WriteTo(&b); err != nil || int(n) != len(want) || !bytes.Equal(b.Bytes(), want) {
				t.Errorf("streamed: %d bytes, %v", n, err)
			}
			if got.IsDeferred() && released < 2*src.Size() {
				t.Errorf("%d bytes were given back", released)
			}
			back := make([]int, len(c.perm))
			for i, p := range c.perm {
				back[p] = i
			}
			if again, err := got.Transposed(back...); err != nil || !Equal(again, src) {
				t.Errorf("there and back differs (%v)", err)
			}
		})
	}
}

func TestTransposedRefuses(t *testing.T) {
	x := New(Float32, 2, 3)
	for _, perm := range [][]int{{0}, {0, 0}, {0, 2}, {-1, 0}} {
		if _, err := x.Transposed(perm...); err == nil {
			t.Errorf("%v was taken", perm)
		}
	}
	if _, err := New(Int4, 2, 2).Transposed(1, 0); err == nil {
		t.Error("four-bit elements were taken")
	}
}

// A view of a transposed tensor in another shape is not undone by the opposite
// transposition.
func TestTransposedView(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	src := noise(Float32, 2048, 2304)
	a, _ := src.Transposed(1, 0)
	v, err := a.Reshape(2048, 2304)
	if err != nil {
		t.Fatal(err)
	}
	b, err := v.Transposed(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := transposed(v, []int{1, 0}); !bytes.Equal(b.Bytes(), want) {
		t.Error("wrong elements")
	}
}

func TestWriteToReleases(t *testing.T) {
	src := noise(Uint8, 3*streamChunk+5)
	var given []byte
	src.Backed(func(b []byte) { given = append(given, b...) })
	var b bytes.Buffer
	if _, err := src.WriteTo(&b); err != nil || !bytes.Equal(b.Bytes(), src.Bytes()) {
		t.Fatalf("wrong bytes (%v)", err)
	}
	if !slices.Equal(given, src.Bytes()) {
		t.Errorf("%d of %d bytes were given back", len(given), src.Size())
	}
}
