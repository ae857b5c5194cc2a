package litert_test

import (
	"testing"

	"slipway/runtimes/conform"
	"slipway/runtimes/litert"
)

func TestMain(m *testing.M) { conform.Main(m, litert.New) }

func TestConform(t *testing.T) {
	m := conform.For(t, "tflite")
	m.Profile, m.NoOptimize = true, true
	conform.Both(t, litert.Name, conform.Library(t, "litert"), litert.New, m)
}
