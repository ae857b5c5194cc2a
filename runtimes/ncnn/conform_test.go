package ncnn_test

import (
	"testing"

	"slipway/runtimes/conform"
	"slipway/runtimes/ncnn"
)

func TestMain(m *testing.M) { conform.Main(m, ncnn.New) }

func TestConform(t *testing.T) {
	m := conform.For(t, "ncnn")
	m.Taps, m.Profile, m.NoOptimize = true, true, true
	conform.Both(t, ncnn.Name, conform.Library(t, "ncnn"), ncnn.New, m)
}
