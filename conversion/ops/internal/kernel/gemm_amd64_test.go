package kernel

import (
	"testing"

	"golang.org/x/sys/cpu"
)

// Every vector form that this machine has must agree with the plain one.
func TestVectorForms(t *testing.T) {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		t.Skip("no AVX2 on this processor")
	}
	saved := fastTile
	defer func() { fastTile = saved }()
	forms := map[string]func(kc int, a, b, c []float32, ldc int){"AVX2": tile256}
	if cpu.X86.HasAVX512F {
		forms["AVX-512"] = tile512
	}
	for name, f := range forms {
		t.Run(name, func(t *testing.T) {
			fastTile = f
			for _, d := range [][3]int{{6, 32, 1}, {6, 32, 300}, {13, 77, 40}, {1, 1, 5}, {100, 64, 257}} {
				testGemm[float32](t, d[0], d[1], d[2])
			}
		})
	}
}
