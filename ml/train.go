package ml

import (
	"math"
	"sort"
	"strconv"
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// Source streams the training rows: it calls yield with batches whose columns
// are the features in order and then the target, and may be run several times
// with the same rows. A batch is valid during the call.
type Source func(yield func(*vector.Batch) error) error

// Spec says what to train.
type Spec struct {
	// Algorithm is linear_regression or logistic_regression, or an alias.
	Algorithm string
	// Features and Target describe the columns of the Source.
	Features   []Feature
	Target     string
	TargetType types.Type
	// Options are the WITH pairs, values as text.
	Options map[string]string
	// Progress, if not nil, is called before each pass over the rows.
	Progress func(pass, maxPasses int)
}

// algorithm is one estimator.
type algorithm struct {
	name    string
	aliases []string
	// options are the known ones with their default.
	options map[string]string
	// targets says which target types fit.
	targets func(t types.Type) bool
	train   func(a *algorithm, s *Spec, src Source) (*Model, error)
}

// algorithms are the estimators there are.
func algorithms() []*algorithm {
	return []*algorithm{linearRegression(), logisticRegression()}
}

func lookup(name string) (*algorithm, error) {
	all := algorithms()
	names := make([]string, len(all))
	for i, a := range all {
		if a.name == name {
			return a, nil
		}
		for _, alias := range a.aliases {
			if alias == name {
				return a, nil
			}
		}
		names[i] = a.name
	}
	return nil, sqlstate.New(sqlstate.UndefinedObject, "algorithm %q does not exist", name).
		WithHint("There are %s.", strings.Join(names, " and "))
}

// Train fits a model to the rows of src.
func Train(s *Spec, src Source) (*Model, error) {
	a, err := lookup(s.Algorithm)
	if err != nil {
		return nil, err
	}
	s.Algorithm = a.name
	if !a.targets(s.TargetType) {
		return nil, sqlstate.New(sqlstate.DatatypeMismatch, "%s cannot predict column %q of type %s", a.name, s.Target, s.TargetType)
	}
	if len(s.Features) == 0 {
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "model has no features: the query gives only the target %q", s.Target)
	}
	for name := range s.Options {
		if _, ok := a.options[name]; !ok {
			known := make([]string, 0, len(a.options))
			for k := range a.options {
				known = append(known, k)
			}
			sort.Strings(known)
			return nil, sqlstate.New(sqlstate.InvalidParameterValue, "%s has no option %q", a.name, name).
				WithHint("Its options are %s.", strings.Join(known, ", "))
		}
	}
	return a.train(a, s, src)
}

// number returns an option as a non-negative number.
func (s *Spec) number(a *algorithm, name string) (float64, error) {
	text, ok := s.Options[name]
	if !ok {
		text = a.options[name]
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || x < 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return 0, sqlstate.New(sqlstate.InvalidParameterValue, "option %s of %s must be a number of at least 0, not %q", name, a.name, text)
	}
	return x, nil
}

// boolean returns an option as a truth value.
func (s *Spec) boolean(a *algorithm, name string) (bool, error) {
	text, ok := s.Options[name]
	if !ok {
		text = a.options[name]
	}
	switch strings.ToLower(text) {
	case "true", "on", "1", "yes":
		return true, nil
	case "false", "off", "0", "no":
		return false, nil
	}
	return false, sqlstate.New(sqlstate.InvalidParameterValue, "option %s of %s must be true or false, not %q", name, a.name, text)
}

// tooFew is the error for a training set without usable rows.
func tooFew(rows, skipped int64) error {
	e := sqlstate.New(sqlstate.InvalidParameterValue, "cannot train on %d rows", rows)
	if skipped > 0 {
		return e.WithDetail("%d rows were skipped because their target or a number in them is NULL or not finite.", skipped)
	}
	return e.WithHint("The query has to give at least one row.")
}
