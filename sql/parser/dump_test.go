package parser

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// equalTrees compares two trees without positions.
func equalTrees(a, b Node) bool { return equalValues(reflect.ValueOf(a), reflect.ValueOf(b)) }

func equalValues(a, b reflect.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return equalValues(a.Elem(), b.Elem())
	case reflect.Struct:
		if a.Type() != b.Type() {
			return false
		}
		for i := range a.NumField() {
			if !skipField(a.Type().Field(i).Name) && !equalValues(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !equalValues(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// skipField names what is no part of a tree's meaning.
func skipField(name string) bool { return name == "Loc" || name == "OpPos" || name == "SQL" }

// dump prints a tree as an S-expression without positions. Fields with their
// zero value are left out. What fits in 100 columns stands on one line.
func dump(n any) string {
	return strings.Join(layout(dumpValue(reflect.ValueOf(n)), 100), "\n")
}

// enumNames are the names of the tree's constants.
var enumNames = map[reflect.Type][]string{
	reflect.TypeFor[BoolOp]():         {"And", "Or"},
	reflect.TypeFor[IsTest]():         {"Null", "True", "False", "Unknown"},
	reflect.TypeFor[LikeKind]():       {"Like", "ILike", "SimilarTo"},
	reflect.TypeFor[FuncForm]():       {"Call", "Keyword", "Extract", "Substring", "Position", "Trim", "Overlay", "AtTimeZone"},
	reflect.TypeFor[NullTreatment]():  {"NotSaid", "Respect", "Ignore"},
	reflect.TypeFor[SetOpKind]():      {"Union", "Intersect", "Except"},
	reflect.TypeFor[JoinKind]():       {"Inner", "Left", "Right", "Full", "Cross"},
	reflect.TypeFor[GroupKind]():      {"Simple", "Empty", "Rollup", "Cube", "Sets"},
	reflect.TypeFor[Materialized]():   {"Default", "Always", "Never"},
	reflect.TypeFor[NullsOrder]():     {"Default", "First", "Last"},
	reflect.TypeFor[LockStrength]():   {"KeyShare", "Share", "NoKeyUpdate", "Update"},
	reflect.TypeFor[LockWait]():       {"Block", "NoWait", "Skip"},
	reflect.TypeFor[FrameMode]():      {"Range", "Rows", "Groups"},
	reflect.TypeFor[FrameBoundKind](): {"UnboundedPreceding", "Preceding", "CurrentRow", "Following", "UnboundedFollowing"},
	reflect.TypeFor[FrameExclusion](): {"NoOthers", "CurrentRow", "Group", "Ties"},
	reflect.TypeFor[Persistence]():    {"Permanent", "Temporary", "Unlogged"},
	reflect.TypeFor[RefAction]():      {"NoAction", "Restrict", "Cascade", "SetNull", "SetDefault"},
	reflect.TypeFor[OptionKind]():     {"Word", "String", "Number"},
	reflect.TypeFor[SetScope]():       {"Session", "Local"},
	reflect.TypeFor[FetchDirection](): {"Forward", "Backward", "Absolute", "Relative"},
	reflect.TypeFor[IsolationLevel](): {"Default", "ReadUncommitted", "ReadCommitted", "RepeatableRead", "Serializable"},
	reflect.TypeFor[ObjectKind]():     objectKindNames[:],
	reflect.TypeFor[ConstraintKind](): {
		"Null", "NotNull", "Default", "Identity", "Generated", "PrimaryKey", "Unique", "Check", "ForeignKey",
	},
	reflect.TypeFor[AlterKind](): {
		"AddColumn", "DropColumn", "RenameColumn", "RenameObject", "RenameConstraint", "SetSchema", "SetColumnType",
		"SetColumnDefault", "DropColumnDefault", "SetNotNull", "DropNotNull", "AddIdentity", "DropIdentity",
		"AddConstraint", "DropConstraint", "ValidateConstraint", "SetOptions", "ResetOptions", "OwnerTo",
	},
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
	case reflect.Uint8:
		if names, ok := enumNames[v.Type()]; ok {
			return sexpr{open: names[v.Uint()]}
		}
	}
	return sexpr{open: fmt.Sprint(v.Interface())}
}

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
