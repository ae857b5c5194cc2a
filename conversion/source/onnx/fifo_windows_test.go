package onnx_test

import "testing"

func fifo(t *testing.T, _ string) { t.Skip("no named pipes in folders here") }
