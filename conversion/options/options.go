package options

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Kind is how a field is edited.
type Kind string

// The kinds of fields.
const (
	Bool   Kind = "bool"
	Int    Kind = "int"
	Float  Kind = "float"
	String Kind = "string"
	Choice Kind = "choice"
	List   Kind = "list"   // []string, written a,b,c
	Ratios Kind = "ratios" // map[string]float64, written a=0.1,b=0.2
)

// Field is one setting, bound to the struct it was read from.
type Field struct {
	Key, Title, Help, Unit string
	Kind                   Kind
	Min, Max, Step         float64 // Max == Min: unbounded
	Choices                []string
	When                   []string // "key=value", all of which must hold
	More                   bool     // for those who know: forms fold it away

	v reflect.Value
}

// Of lists the fields of the struct that ptr points to, in declaration order.
// It panics where ptr is no pointer to a struct: a mistake of the program.
func Of(ptr any) []Field {
	v := reflect.ValueOf(ptr)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("options: %T is not a pointer to a struct", ptr))
	}
	return fields(v.Elem(), "", nil)
}

func fields(v reflect.Value, prefix string, outer []string) []Field {
	var out []Field
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		key := sf.Tag.Get("key")
		if !sf.IsExported() || key == "-" || key == "" && sf.Type.Kind() != reflect.Struct {
			continue
		}
		when := outer
		if w := sf.Tag.Get("when"); w != "" {
			when = append(slices.Clone(outer), prefix+w)
		}
		if sf.Type.Kind() == reflect.Struct {
			p := prefix
			if key != "" {
				p += key + "."
			}
			out = append(out, fields(v.Field(i), p, when)...)
			continue
		}
		f := Field{
			Key: prefix + key, Title: sf.Tag.Get("title"), Help: sf.Tag.Get("help"), Unit: sf.Tag.Get("unit"),
			Min: number(sf.Tag.Get("min")), Max: number(sf.Tag.Get("max")), Step: number(sf.Tag.Get("step")),
			When: when, More: sf.Tag.Get("more") == "true", v: v.Field(i),
		}
		if f.Title == "" {
			f.Title = key
		}
		if c := sf.Tag.Get("choices"); c != "" {
			f.Choices = strings.Split(c, "|")
		}
		if f.Kind = kindOf(sf.Type, f.Choices); f.Kind == "" {
			continue
		}
		out = append(out, f)
	}
	return out
}

func kindOf(t reflect.Type, choices []string) Kind {
	switch t.Kind() {
	case reflect.Bool:
		return Bool
	case reflect.Int, reflect.Int64:
		return Int
	case reflect.Float64:
		return Float
	case reflect.String:
		if choices != nil {
			return Choice
		}
		return String
	case reflect.Slice:
		if t.Elem().Kind() == reflect.String {
			return List
		}
	case reflect.Map:
		if t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.Float64 {
			return Ratios
		}
	}
	return ""
}

func number(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

// Get prints the field's value in the form that Set reads.
func (f *Field) Get() string {
	switch f.Kind {
	case List:
		return strings.Join(f.v.Interface().([]string), ",")
	case Ratios:
		var p []string
		iter := f.v.MapRange()
		for iter.Next() {
			p = append(p, fmt.Sprintf("%s=%v", iter.Key(), iter.Value()))
		}
		sort.Strings(p)
		return strings.Join(p, ",")
	}
	return fmt.Sprint(f.v.Interface())
}

// Set parses s into the field. The error names the key, the value and what is
// allowed; the field is unchanged then.
func (f *Field) Set(s string) error {
	bad := func(want string) error { return fmt.Errorf("%s: %q is not %s", f.Key, s, want) }
	inRange := func(x float64) bool { return f.Min == f.Max || x >= f.Min && x <= f.Max }
	between := fmt.Sprintf("between %v and %v", f.Min, f.Max)
	switch f.Kind {
	case Bool:
		b, err := strconv.ParseBool(s)
		if err != nil {
			return bad("true or false")
		}
		f.v.SetBool(b)
	case Int:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return bad("a whole number")
		}
		if !inRange(float64(n)) {
			return bad(between)
		}
		f.v.SetInt(n)
	case Float:
		x, err := strconv.ParseFloat(s, 64)
		if err != nil || x != x {
			return bad("a number")
		}
		if !inRange(x) {
			return bad(between)
		}
		f.v.SetFloat(x)
	case Choice:
		if !slices.Contains(f.Choices, s) {
			return bad("one of " + strings.Join(f.Choices, ", "))
		}
		f.v.SetString(s)
	case String:
		f.v.SetString(s)
	case List:
		f.v.Set(reflect.ValueOf(splitList(s)))
	case Ratios:
		m := map[string]float64{}
		for _, p := range splitList(s) {
			i := strings.LastIndex(p, "=")
			if i <= 0 {
				return bad("a list of NAME=NUMBER")
			}
			x, err := strconv.ParseFloat(p[i+1:], 64)
			if err != nil || !inRange(x) {
				return bad("a list of NAME=NUMBER, each " + between)
			}
			m[p[:i]] = x
		}
		f.v.Set(reflect.ValueOf(m))
	}
	return nil
}

func splitList(s string) []string {
	var out []string
	for _, p := range strings.Split(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// Check reports the first field whose value is outside what its tags allow: the
// guard for values that came in through a file.
func Check(ptr any) error {
	all := Of(ptr)
	for i := range all {
		f := &all[i]
		if f.Kind == Choice && f.Get() == "" {
			continue
		}
		if err := f.Set(f.Get()); err != nil {
			return err
		}
	}
	return nil
}

// Visible reports whether f applies, given the present values of all fields.
func Visible(all []Field, f *Field) bool {
	for _, w := range f.When {
		key, want, _ := strings.Cut(w, "=")
		for i := range all {
			if all[i].Key == key && (!slices.Contains(strings.Split(want, "|"), all[i].Get()) || !Visible(all, &all[i])) {
				return false
			}
		}
	}
	return true
}
