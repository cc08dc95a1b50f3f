package model

import (
	"slices"
	"strings"

	"htapdb/ml"
	"htapdb/sql/binder"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
	"htapdb/vector/fn"
)

// Bound is a model in expressions.
type Bound struct {
	name  string
	model *ml.Model
}

// Decode reads the state of the model with a name.
func Decode(name string, state []byte) (*Bound, error) {
	m, err := Algorithms.Decode(state)
	if err != nil {
		return nil, err
	}
	return &Bound{name: name, model: m}, nil
}

// Model returns what was decoded.
func (b *Bound) Model() *ml.Model { return b.model }

// Features implements binder.Model.
func (b *Bound) Features() []binder.Feature {
	out := make([]binder.Feature, len(b.model.Features))
	for i, f := range b.model.Features {
		out[i] = binder.Feature{Name: f.Name, Type: argument(&f)}
	}
	return out
}

// argument is the type in which a feature is given: numbers as doubles, because a
// prediction for 1.6 is not that for 2 where the training's column was an integer.
// Points in time and truth values have no wider form.
func argument(f *ml.Feature) types.Type {
	switch {
	case f.Kind == ml.Category:
		return types.TText
	case f.Type.IsNumber():
		return types.TFloat8
	}
	return types.Type{Kind: f.Type.Kind}
}

// Scalar implements binder.Model.
func (b *Bound) Scalar(name string, constants []string) (*fn.Scalar, error) {
	s := &fn.Scalar{Name: name, Volatility: fn.Stable}
	for i := range b.model.Features {
		s.Args = append(s.Args, argument(&b.model.Features[i]))
	}
	var compute func([]*vector.Vector, []int32, int, *vector.Vector) error
	switch name {
	case "predict":
		s.Result, compute = b.model.ResultType(), b.model.Predict
	case "predict_proba":
		if _, ok := b.model.Fitted.(ml.Prober); !ok {
			return nil, sqlstate.New(sqlstate.WrongObjectType, "predict_proba needs a classifier, and model %q is a %s", b.name, b.model.Algorithm)
		}
		class, err := b.class(constants)
		if err != nil {
			return nil, err
		}
		constants, s.Result = nil, types.TFloat8
		compute = func(cols []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
			return b.model.Probability(class, cols, sel, n, out)
		}
	default:
		return nil, sqlstate.New(sqlstate.UndefinedFunction, "function %s(model) does not exist", name).
			WithHint("There are predict and predict_proba.")
	}
	if len(constants) > 0 {
		return nil, sqlstate.New(sqlstate.UndefinedFunction, "%s takes a row (a table's alias) or arguments by name, not %q", name, constants[0])
	}
	s.Kernel = func(_ *fn.Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
		return compute(args, sel, n, out)
	}
	return s, nil
}

// class finds the class whose probability is wanted: the one that is named, or the
// second of two.
func (b *Bound) class(constants []string) (int, error) {
	classes := b.model.Target.Classes
	if len(constants) == 0 && len(classes) == 2 {
		return 1, nil
	}
	if len(constants) == 1 {
		if i := slices.Index(classes, constants[0]); i >= 0 {
			return i, nil
		}
		return 0, sqlstate.New(sqlstate.InvalidParameterValue, "model %q has no class %q", b.name, constants[0]).
			WithHint("Its classes are %s.", strings.Join(classes[:min(len(classes), shownClasses)], ", "))
	}
	return 0, sqlstate.New(sqlstate.UndefinedFunction, "predict_proba needs to know of which class, and model %q has %d", b.name, len(classes)).
		WithHint("Name it after the model: predict_proba(%s, %s, …).", quoted(b.name), quoted(classes[0]))
}

// shownClasses is how many classes a hint lists.
const shownClasses = 20

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
