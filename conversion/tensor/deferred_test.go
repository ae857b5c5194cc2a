package tensor

import (
	"runtime"
	"testing"
)

func TestDeferredIsMadeWhenAskedFor(t *testing.T) {
	made := 0
	d := Deferred(Float32, []int{2, 1 << 12}, func() *Tensor {
		made++
		v := make([]float32, 2<<12)
		v[5] = 7
		return Of(v, 2, 1<<12)
	})
	if d.Size() != 4*2<<12 || d.Len() != 2<<12 || made != 0 || !d.IsDeferred() {
		t.Fatalf("size %d, made %d times", d.Size(), made)
	}
	v := View[float32](d)
	if w := View[float32](d); &w[5] != &v[5] || w[5] != 7 || made != 1 {
		t.Errorf("made %d times while it was held", made)
	}
	runtime.KeepAlive(v)
	r, err := d.Reshape(1<<12, 2)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // the bytes are collected in one of them
		runtime.GC()
	}
	if View[float32](r)[5] != 7 || made != 2 {
		t.Errorf("made %d times after it was let go", made)
	}
	same := New(Float32, 2, 1<<12)
	View[float32](same)[5] = 7
	if !Equal(d, same) || !d.Finite() {
		t.Error("not equal to what it is made of")
	}
}

func TestDropReleasesBackedBytes(t *testing.T) {
	var got []byte
	b := make([]byte, 8)
	x, err := FromBytes(Float32, []int{2}, b)
	if err != nil {
		t.Fatal(err)
	}
	x.Drop() // not backed: nothing happens
	x.Backed(func(b []byte) { got = b }).Drop()
	if len(got) != 8 || &got[0] != &b[0] {
		t.Errorf("released %d bytes", len(got))
	}
}
