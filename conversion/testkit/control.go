package testkit

import (
	"testing"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// ControlCase is a graph with control flow that no pass can take away, with
// inputs that take different ways through it.
type ControlCase struct {
	Name  string
	Text  string
	Feeds []map[string]*tensor.Tensor
}

// Graph parses and infers the case's graph.
func (c ControlCase) Graph(t testing.TB, reg *op.Registry) *ir.Graph {
	t.Helper()
	return parseTyped(t, c.Text, reg)
}

func vector(v ...float32) *tensor.Tensor { return tensor.Of(v, len(v)) }

// ControlCases are small graphs with If, Loop and Scan: captured values, nested
// bodies, collected results, states that grow, scans from the end and along other
// axes.
var ControlCases = []ControlCase{
	{"branch", `graph branch {
  input %c : bool[]
  input %x : f32[N]
  %z : ?[?] = Abs(%x) @abs
  %y : ?[?], %s : ?[?] = If(%c, %x, %z) {captured_inputs=2, then_branch=graph then {
    input %x : ?[?]
    input %z : ?[?]
    const %two : f32[] = [2.0]
    %m : ?[?] = Mul(%x, %two) @mul
    output %m
    output %x
  }, else_branch=graph else {
    input %x : ?[?]
    input %z : ?[?]
    const %k : f32[1] = [7.0]
    %m : ?[?] = Concat(%z, %k) {axis=0} @concat
    output %m
    output %k
  }} @if
  output %y
  output %s
}`, []map[string]*tensor.Tensor{
		{"c": tensor.Scalar(true), "x": vector(1, -2, 3)},
		{"c": tensor.Scalar(false), "x": vector(1, -2, 3)},
	}},
	{"while", `graph while {
  input %x : f32[1]
  input %limit : f32[]
  const %yes : bool[] = [true]
  %sum : ?[?], %all : ?[?] = Loop(_, %yes, %x, %limit) {captured_inputs=1, body=graph body {
    input %i : ?[?]
    input %go : ?[?]
    input %s : ?[?]
    input %limit : ?[?]
    const %k : f32[] = [1.5]
    const %none : i64[0] = []
    %d : ?[?] = Mul(%s, %k) @mul
    %f : ?[?] = Cast(%i) {to=1} @cast
    %t : ?[?] = Add(%d, %f) @add
    %scalar : ?[?] = Reshape(%t, %none) @scalar
    %more : ?[?] = Less(%scalar, %limit) @less
    output %more
    output %t
    output %d
  }} @loop
  output %sum
  output %all
}`, []map[string]*tensor.Tensor{
		{"x": vector(1), "limit": tensor.Scalar(float32(20))},
		{"x": vector(3), "limit": tensor.Scalar(float32(1))},
	}},
	{"nested", `graph nested {
  input %n : i64[]
  input %x : f32[2]
  %y : ?[?] = Loop(%n, _, %x, %x) {captured_inputs=1, body=graph outer {
    input %i : ?[?]
    input %go : ?[?]
    input %s : ?[?]
    input %x : ?[?]
    const %one : i64[] = [1]
    const %two : i64[] = [2]
    %odd : ?[?] = Mod(%i, %two) @mod
    %isodd : ?[?] = Equal(%odd, %one) @equal
    %u : ?[?] = If(%isodd, %s, %x) {captured_inputs=2, then_branch=graph then {
      input %s : ?[?]
      input %x : ?[?]
      %v : ?[?] = Sub(%s, %x) @sub
      output %v
    }, else_branch=graph else {
      input %s : ?[?]
      input %x : ?[?]
      const %three : i64[] = [3]
      %w : ?[?] = Loop(%three, _, %s, %x) {captured_inputs=1, body=graph inner {
        input %j : ?[?]
        input %go : ?[?]
        input %a : ?[?]
        input %x : ?[?]
        %b : ?[?] = Add(%a, %x) @add
        output %go
        output %b
      }} @inner
      output %w
    }} @if
    output %go
    output %u
  }} @outer
  output %y
}`, []map[string]*tensor.Tensor{
		{"n": tensor.Scalar(int64(1)), "x": vector(1, -2)},
		{"n": tensor.Scalar(int64(4)), "x": vector(0.5, 3)},
	}},
	{"scan", `graph scan {
  input %s : f32[2]
  input %a : f32[2,T]
  input %b : f32[T,2]
  const %k : f32[2] = [0.5,2.0]
  %f : ?[?], %ys : ?[?], %zs : ?[?] = Scan(%s, %a, %b, %k) {captured_inputs=1, num_scan_inputs=2, scan_input_axes=[1,0], scan_input_directions=[1,0], scan_output_axes=[1,0], scan_output_directions=[0,1], body=graph step {
    input %h : ?[?]
    input %x : ?[?]
    input %y : ?[?]
    input %k : ?[?]
    %p : ?[?] = Mul(%h, %k) @mul
    %q : ?[?] = Add(%p, %x) @add
    %r : ?[?] = Sub(%q, %y) @sub
    output %r
    output %p
    output %q
  }} @scan
  output %f
  output %ys
  output %zs
}`, []map[string]*tensor.Tensor{
		{"s": vector(1, 2), "a": tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3), "b": tensor.Of([]float32{-1, 2, -3, 4, -5, 6}, 3, 2)},
		{"s": vector(0, 1), "a": tensor.Of([]float32{1, 4}, 2, 1), "b": tensor.Of([]float32{-1, 2}, 1, 2)},
	}},
}

// ControlShared are graphs whose states change places, or become what was taken
// out of a scanned tensor: a runtime that keeps two of them in one place fails.
var ControlShared = []ControlCase{
	{"swap", `graph swap {
  input %n : i64[]
  input %x : f32[2]
  input %y : f32[2]
  %a : ?[?], %b : ?[?] = Loop(%n, _, %x, %y) {body=graph body {
    input %i : ?[?]
    input %go : ?[?]
    input %p : ?[?]
    input %q : ?[?]
    output %go
    output %q
    output %p
  }} @loop
  output %a
  output %b
}`, []map[string]*tensor.Tensor{{"n": tensor.Scalar(int64(3)), "x": vector(1, 2), "y": vector(3, 4)}}},
	{"fibonacci", `graph fibonacci {
  input %n : i64[]
  input %x : f32[2]
  input %y : f32[2]
  %a : ?[?], %b : ?[?] = Loop(%n, _, %x, %y) {body=graph body {
    input %i : ?[?]
    input %go : ?[?]
    input %p : ?[?]
    input %q : ?[?]
    %r : ?[?] = Add(%p, %q) @add
    output %go
    output %q
    output %r
  }} @loop
  output %a
  output %b
}`, []map[string]*tensor.Tensor{{"n": tensor.Scalar(int64(6)), "x": vector(1, 2), "y": vector(1, 5)}}},
	{"last", `graph last {
  input %x : f32[3,2]
  input %s : f32[2]
  %a : ?[?], %b : ?[?] = Scan(%s, %x) {num_scan_inputs=1, body=graph body {
    input %h : ?[?]
    input %v : ?[?]
    output %v
    output %h
  }} @scan
  output %a
  output %b
}`, []map[string]*tensor.Tensor{{"x": tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 3, 2), "s": vector(7, 8)}}},
	{"recurrence", `graph recurrence {
  input %x : f32[4,2,3]
  input %s : f32[2,3]
  input %r : f32[3,3]
  %a : ?[?], %b : ?[?] = Scan(%s, %x, %r) {captured_inputs=1, num_scan_inputs=1, body=graph body {
    input %h : ?[?]
    input %v : ?[?]
    input %r : ?[?]
    %p : ?[?] = MatMul(%h, %r) @matmul
    %q : ?[?] = Add(%v, %p) @add
    %t : ?[?] = Tanh(%q) @tanh
    output %t
    output %t
  }} @scan
  output %a
  output %b
}`, []map[string]*tensor.Tensor{{
		"x": tensor.Of([]float32{1, -.2, .3, .4, -.5, .6, .7, .8, -.9, .1, .2, .3, -.4, .5, .6, .7, -.8, .9, .15, .25, -.35, .45, .55, .65}, 4, 2, 3),
		"s": tensor.Of([]float32{.1, .2, .3, .4, .5, .6}, 2, 3), "r": tensor.Of([]float32{.5, -.4, .3, .2, .6, -.7, .8, .9, .1}, 3, 3),
	}}},
}

// ControlGrowing has a state whose size changes from iteration to iteration.
var ControlGrowing = ControlCase{"growing", `graph growing {
  input %n : i64[]
  input %x : f32[1]
  %y : ?[?] = Loop(%n, _, %x, %x) {captured_inputs=1, body=graph body {
    input %i : ?[?]
    input %go : ?[?]
    input %s : ?[?]
    input %x : ?[?]
    %f : ?[?] = Cast(%i) {to=1} @cast
    %t : ?[?] = Add(%x, %f) @add
    %u : ?[?] = Concat(%s, %t) {axis=0} @concat
    output %go
    output %u
  }} @loop
  output %y
}`, []map[string]*tensor.Tensor{{"n": tensor.Scalar(int64(3)), "x": vector(1)}, {"n": tensor.Scalar(int64(0)), "x": vector(1)}}}
