package parser

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// dump prints a tree as an S-expression without positions, so that equal dumps
// mean equal trees. Fields with their zero value are left out. What fits in
// 100 columns stands on one line.
func dump(n any) string {
	return strings.Join(layout(dumpValue(reflect.ValueOf(n)), 100), "\n")
}

// sexpr is a printed value: a leaf, or a head with parts.
type sexpr struct {
	label string // "Field:" or ""
	open  string // "(Type", "[" or the text of a leaf
	parts []sexpr
	close string
}

func dumpValue(v reflect.Value) sexpr {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return sexpr{open: "nil"}
		}
		return dumpValue(v.Elem())
	case reflect.Struct:
		s := sexpr{open: "(" + v.Type().Name(), close: ")"}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if skipField(f.Name) || v.Field(i).IsZero() {
				continue
			}
			part := dumpValue(v.Field(i))
			part.label = f.Name + ":"
			s.parts = append(s.parts, part)
		}
		return s
	case reflect.Slice:
		s := sexpr{open: "[", close: "]"}
		for i := range v.Len() {
			s.parts = append(s.parts, dumpValue(v.Index(i)))
		}
		return s
	case reflect.String:
		return sexpr{open: strconv.Quote(v.String())}
	}
	return sexpr{open: fmt.Sprint(v.Interface())}
}

// skipField names what is no part of a tree's meaning.
func skipField(name string) bool { return name == "Loc" || name == "OpPos" || name == "SQL" }

func (s sexpr) String() string {
	var b strings.Builder
	b.WriteString(s.label + s.open)
	for i, p := range s.parts {
		if i > 0 || s.open != "[" {
			b.WriteByte(' ')
		}
		b.WriteString(p.String())
	}
	b.WriteString(s.close)
	return b.String()
}

// layout breaks a value into lines of at most width columns where it can.
func layout(s sexpr, width int) []string {
	if line := s.String(); len(line) <= width || len(s.parts) == 0 {
		return []string{line}
	}
	lines := []string{s.label + s.open}
	for _, p := range s.parts {
		for _, line := range layout(p, width-2) {
			lines = append(lines, "  "+line)
		}
	}
	lines[len(lines)-1] += s.close
	return lines
}
