package tflite

import (
	"math"
	"reflect"
	"strconv"

	flatbuffers "github.com/google/flatbuffers/go"
)

// field is one field of an option table.
type field struct {
	index int // in the Go struct
	slot  int
	def   int64
}

func fieldsOf(t reflect.Type) []field {
	out := make([]field, t.NumField())
	for i := range out {
		tag := t.Field(i).Tag
		slot, _ := strconv.Atoi(tag.Get("slot"))
		def, _ := strconv.ParseInt(tag.Get("def"), 10, 64)
		out[i] = field{i, slot, def}
	}
	return out
}

// options writes an option table and returns its union number.
func (e *encoder) options(o Options) (uint8, flatbuffers.UOffsetT) {
	t := o.table()
	v := reflect.ValueOf(o)
	e.StartObject(t.slots)
	for _, f := range fieldsOf(v.Type()) {
		switch x := v.Field(f.index); x.Kind() {
		case reflect.Int8:
			e.PrependInt8Slot(f.slot, int8(x.Int()), int8(f.def))
		case reflect.Int32:
			e.PrependInt32Slot(f.slot, int32(x.Int()), int32(f.def))
		case reflect.Float32:
			e.PrependFloat32Slot(f.slot, float32(x.Float()), 0)
		case reflect.Bool:
			e.PrependBoolSlot(f.slot, x.Bool(), false)
		}
	}
	return t.union, e.EndObject()
}

// readOptions reads an option table; nil where the union number is none that
// this package knows.
func readOptions(union uint8, t reader) Options {
	for _, o := range optionTables {
		if o.table().union != union {
			continue
		}
		v := reflect.New(reflect.TypeOf(o)).Elem()
		for _, f := range fieldsOf(v.Type()) {
			x := v.Field(f.index)
			switch x.Kind() {
			case reflect.Int8:
				x.SetInt(int64(t.i8(f.slot, int8(f.def))))
			case reflect.Int32:
				x.SetInt(int64(t.i32(f.slot, int32(f.def))))
			case reflect.Float32:
				x.SetFloat(float64(math.Float32frombits(uint32(t.i32(f.slot, 0)))))
			case reflect.Bool:
				x.SetBool(t.i8(f.slot, 0) != 0)
			}
		}
		return v.Interface().(Options)
	}
	return nil
}
