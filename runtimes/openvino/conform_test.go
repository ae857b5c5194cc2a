package openvino_test

import (
	"testing"

	"slipway/runtimes/conform"
	"slipway/runtimes/openvino"
)

func TestMain(m *testing.M) { conform.Main(m, openvino.New) }

func TestConform(t *testing.T) {
	m := conform.For(t, "openvino")
	m.Taps, m.Profile, m.Cancel = true, true, true
	conform.Both(t, openvino.Name, conform.Library(t, "openvino"), openvino.New, m)
}
