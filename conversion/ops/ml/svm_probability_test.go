package ml_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/ops/all"
	"slipway/conversion/tensor"
	"slipway/conversion/testkit"
)

// coupled is the algorithm as it was published: sweeps over the classes until the
// largest residual is small. r[i][j] is how likely i is where it is i or j.
func coupled(r [][]float64) (p []float64, sweeps int) {
	n := len(r)
	q := make([][]float64, n)
	p = make([]float64, n)
	for i := range n {
		q[i] = make([]float64, n)
		p[i] = 1 / float64(n)
		for j := range n {
			if j != i {
				q[i][i] += r[j][i] * r[j][i]
				q[i][j] = -r[j][i] * r[i][j]
			}
		}
	}
	for ; sweeps < 100; sweeps++ {
		qp, pqp, worst := make([]float64, n), 0.0, 0.0
		for i := range n {
			for j := range n {
				qp[i] += q[i][j] * p[j]
			}
			pqp += p[i] * qp[i]
		}
		for i := range n {
			worst = max(worst, math.Abs(qp[i]-pqp))
		}
		if worst < 0.005/float64(n) {
			break
		}
		for i := range n {
			d := (pqp - qp[i]) / q[i][i]
			p[i] += d
			pqp = (pqp + d*(d*q[i][i]+2*qp[i])) / (1 + d) / (1 + d)
			for j := range n {
				qp[j] = (qp[j] + d*q[i][j]) / (1 + d)
				p[j] /= 1 + d
			}
		}
	}
	return p, sweeps
}

// TestProbabilities has scores of little and of much difference, among them those
// that contradict each other.
func TestProbabilities(t *testing.T) {
	const rows = 200
	reg := all.Registry()
	for _, n := range []int{2, 3, 5, 10} {
		for _, scale := range []float64{0.5, 3, 30} {
			t.Run(fmt.Sprint(n, scale), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(uint64(n), uint64(scale)))
				draw := func(n int) []float64 {
					v := make([]float64, n)
					for i := range v {
						v[i] = float64(float32(rng.NormFloat64() * scale))
					}
					return v
				}
				pairs := n * (n - 1) / 2
				labels, per, vectors := make([]int64, n), make([]int64, n), make([]float64, n*n)
				for i := range n {
					labels[i], per[i], vectors[i*n+i] = int64(i), 1, 1
				}
				w, rho, a, b := draw((n-1)*n), draw(pairs), draw(pairs), draw(pairs)
				x, err := tensor.FromFloat64s(tensor.Float32, draw(rows*n), rows, n)
				if err != nil {
					t.Fatal(err)
				}
				g := ir.New("g")
				s := op.NewSrc(g, reg, ir.Attrs{
					"classlabels_ints": labels, "coefficients": w, "kernel_type": "LINEAR", "prob_a": a, "prob_b": b, "rho": rho,
					"support_vectors": vectors, "vectors_per_class": per,
				})
				s.Name, s.NumOut, s.Inputs = "svm", 2, []*ir.Value{g.AddInput("x", tensor.Float32, ir.Dims(rows, n))}
				out, err := reg.Get("ai.onnx.ml.SVMClassifier").Read(s)
				if err != nil {
					t.Fatal(err)
				}
				g.Outputs = out[1:]
				got, err := testkit.Eval(reg, g, map[string]*tensor.Tensor{"x": x})
				if err != nil {
					t.Fatal(err)
				}
				in, most := x.Float64s(), 0
				var want []float64
				for k := range rows {
					r := make([][]float64, n)
					for i := range r {
						r[i] = make([]float64, n)
					}
					pair := 0
					for i := range n {
						for j := i + 1; j < n; j++ {
							score := w[(j-1)*n+i]*in[k*n+i] + w[i*n+j]*in[k*n+j] + rho[pair]
							r[i][j] = min(max(1/(1+math.Exp(score*a[pair]+b[pair])), 1e-7), 1-1e-7)
							r[j][i] = 1 - r[i][j]
							pair++
						}
					}
					p, sweeps := coupled(r)
					want, most = append(want, p...), max(most, sweeps)
				}
				if most > 5 {
					t.Errorf("%d sweeps were needed", most)
				}
				testkit.Close(t, got[0], tensor.Of(float32s(want), rows, n), op.Tolerance{Abs: 2e-5})
			})
		}
	}
}

func float32s(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}
