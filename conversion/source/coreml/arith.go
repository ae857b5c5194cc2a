package coreml

import (
	"slices"

	"slipway/conversion/ir"
	"slipway/conversion/op"
	"slipway/conversion/tensor"
)

// readers is the table of all operations that are read.
var readers = map[string]func(*reader){}

func init() {
	for _, family := range []map[string]func(*reader){arithReaders, activationReaders, classReaders, constexprReaders, convReaders, indexReaders, normReaders, reduceReaders, shapeReaders} {
		for k, f := range family {
			readers[k] = f
		}
	}
}

// one reads an operation of x.
func one(name string) func(*reader) {
	return func(r *reader) { r.final(name, nil, r.v("x")) }
}

// two reads an operation of x and y.
func two(name string) func(*reader) {
	return func(r *reader) { r.final(name, nil, r.v("x"), r.v("y")) }
}

var arithReaders = map[string]func(*reader){
	"add": two("Add"), "sub": two("Sub"), "mul": two("Mul"), "pow": two("Pow"), "maximum": two("Max"), "minimum": two("Min"),
	"equal": two("Equal"), "greater": two("Greater"), "less": two("Less"), "greater_equal": two("GreaterOrEqual"), "less_equal": two("LessOrEqual"),
	"logical_and": two("And"), "logical_or": two("Or"), "logical_xor": two("Xor"), "logical_not": one("Not"),
	"abs": one("Abs"), "sign": one("Sign"), "exp": one("Exp"), "sqrt": one("Sqrt"), "floor": one("Floor"), "ceil": one("Ceil"), "round": one("Round"),
	"sin": one("Sin"), "cos": one("Cos"), "tan": one("Tan"), "asin": one("Asin"), "acos": one("Acos"), "atan": one("Atan"),
	"sinh": one("Sinh"), "cosh": one("Cosh"), "atanh": one("Atanh"), "erf": one("Erf"), "identity": one("Identity"),
	"not_equal": func(r *reader) { r.final("Not", nil, r.node("Equal", nil, r.v("x"), r.v("y"))) },
	"real_div": func(r *reader) {
		x := r.v("x")
		if !x.DType.IsFloat() {
			r.fail("divides integers to floats, which is not read")
		}
		r.final("Div", nil, x, r.v("y"))
	},
	"floor_div": readFloorDiv, "mod": readMod,
	"log":    readLog,
	"cast":   readCast,
	"select": func(r *reader) { r.final("Where", nil, r.v("cond"), r.v("a"), r.v("b")) },
	"const": func(r *reader) {
		t := r.literal(r.o.Attr("val"))
		if r.err == nil {
			r.vals[r.o.Outputs[0].Name] = r.g.AddConst(r.o.Outputs[0].Name, t)
		}
	},
}

// floor_div and mod round toward negative infinity.
func readFloorDiv(r *reader) {
	x, y := r.v("x"), r.v("y")
	if x.DType.IsFloat() {
		r.final("Floor", nil, r.node("Div", nil, x, y))
		return
	}
	if k, ok := y.ConstScalar(); ok && k > 0 && x.Content != nil && !slices.ContainsFunc(x.Content, func(d ir.Dim) bool { return !d.Counts() }) {
		r.final("Div", nil, x, y) // of sizes, so that they stay known
		return
	}
	r.final("Div", nil, r.node("Sub", nil, x, r.node("Mod", nil, x, y)), y)
}

func readMod(r *reader) {
	x, y := r.v("x"), r.v("y")
	if !x.DType.IsFloat() {
		r.final("Mod", nil, x, y)
		return
	}
	q := r.node("Floor", nil, r.node("Div", nil, x, y))
	r.final("Sub", nil, x, r.node("Mul", nil, q, y))
}

func readLog(r *reader) {
	x, eps := r.v("x"), r.real("epsilon", 1e-45)
	if eps != 0 {
		x = r.node("Add", nil, x, r.scalar(x, eps))
	}
	r.final("Log", nil, x)
}

var castTypes = map[string]tensor.DType{"fp16": tensor.Float16, "fp32": tensor.Float32, "int32": tensor.Int32, "bool": tensor.Bool}

func readCast(r *reader) {
	name := r.str("dtype", "")
	d, ok := castTypes[name]
	if !ok {
		r.fail("casts to %q, which is not read", name)
		d = tensor.Float32
	}
	r.final("Cast", ir.Attrs{"to": op.ONNXType(d)}, r.v("x"))
}
