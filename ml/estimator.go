package ml

import (
	"context"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// Task is what a model is for.
type Task uint8

// The tasks.
const (
	// Regression predicts a number.
	Regression Task = iota
	// Classification predicts one of the values that the target had.
	Classification
)

func (t Task) String() string {
	return [...]string{"regression", "classification"}[t]
}

// Info describes an estimator. Documentation, hints and ml.algorithms are made from
// it.
type Info struct {
	// Name is the algorithm's after USING; Aliases are other names for it.
	Name    string
	Aliases []string
	Task    Task
	// Help is one line.
	Help    string
	Options []Option
	// Complete leaves out rows in which a number is NULL, NaN or infinite, and counts
	// them as skipped. Algorithms to which that is a value like any other see them.
	Complete bool
}

// target reports whether columns of a type can be the target of the task.
func (t Task) target(c types.Type) bool {
	if t == Regression {
		return c.IsNumber()
	}
	return c.Kind == types.Bool || c.IsString() || c.IsInteger()
}

// Estimator is an algorithm that learns from rows. It has no state: what Fit learns
// is in its result.
type Estimator interface {
	Info() *Info
	// Fit learns from t's rows, which it reads once, by Stream or Frame. It looks at ctx
	// at least every 50 ms, charges t.Memory before it takes more than a few hundred KB,
	// and gives the same bits for the same rows, whatever their order and t.Workers.
	Fit(ctx context.Context, t *Training) (*Fit, error)
	// Decode reads what Fitted.Encode wrote, for a model of m's features and target.
	Decode(d *Decoder, m *Model) (Fitted, error)
}

// Fit is what an estimator has learned.
type Fit struct {
	Fitted Fitted
	// Metrics say how well, in the order in which they are shown; those that are not
	// finite are left out.
	Metrics []Metric
	// Notices tell what was dropped, regularized or not converged: one sentence each.
	Notices []string
}

// Metric is a figure about a model.
type Metric struct {
	Name  string
	Value float64
}

// Fitted is the part of a model that its algorithm knows. It is immutable and safe
// for concurrent use. What it can do beyond prediction it says by implementing
// Prober or Describer.
type Fitted interface {
	// Predict computes the prediction of each row of b into out: a number, or the
	// number of a class.
	Predict(b *Block, out []float64)
	// Encode writes what Estimator.Decode reads.
	Encode(e *Encoder)
}

// Prober is a Fitted that knows the probabilities of classes.
type Prober interface {
	// Probabilities computes the probability of the class with the number class for
	// each row of b into out.
	Probabilities(b *Block, class int, out []float64)
}

// Describer is a Fitted that is a list of terms with coefficients.
type Describer interface {
	// Terms returns the terms in their order; number 0 is the intercept, where there
	// is one.
	Terms() []Term
}

// Term is a row of ml.coefficients. What does not exist is NaN.
type Term struct {
	Number      int
	Name        string
	Coefficient float64
	// StdErr is the standard error, Statistic the coefficient over it (t or z), P the
	// probability of one as large by chance, Low and High bound the 95 % interval.
	StdErr, Statistic, P, Low, High float64
	// VIF is the variance inflation factor 1/(1−R²) of the term on the others.
	VIF float64
}

// Registry is the estimators that there are.
type Registry struct {
	all    []Estimator
	byName map[string]Estimator
}

// NewRegistry returns a registry of estimators; their names must differ.
func NewRegistry(list ...Estimator) *Registry {
	r := &Registry{all: list, byName: map[string]Estimator{}}
	for _, e := range list {
		info := e.Info()
		for _, name := range append([]string{info.Name}, info.Aliases...) {
			if r.byName[name] != nil {
				panic("ml: two algorithms are called " + name)
			}
			r.byName[name] = e
		}
	}
	return r
}

// All returns the estimators in the order of registration.
func (r *Registry) All() []Estimator { return r.all }

// Lookup finds an estimator by its name or alias; 42704 if there is none.
func (r *Registry) Lookup(name string) (Estimator, error) {
	if e := r.byName[name]; e != nil {
		return e, nil
	}
	names := make([]string, len(r.all))
	for i, e := range r.all {
		names[i] = e.Info().Name
	}
	return nil, sqlstate.New(sqlstate.UndefinedObject, "algorithm %q does not exist", name).
		WithHint("There are %s.", enumerate(names))
}

// Train fits a model. t's Options are checked, its features and target have what was
// learned of them afterwards.
func (r *Registry) Train(ctx context.Context, e Estimator, t *Training) (*Model, error) {
	info := e.Info()
	if !info.Task.target(t.Target.Type) {
		return nil, sqlstate.New(sqlstate.DatatypeMismatch, "%s cannot predict column %q of type %s", info.Name, t.Target.Name, t.Target.Type)
	}
	if len(t.Features) == 0 {
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "model has no features: the query gives only the target %q", t.Target.Name)
	}
	t.info = info
	fit, err := e.Fit(ctx, t)
	if err != nil {
		return nil, err
	}
	m := &Model{Algorithm: info.Name, Task: info.Task, Features: t.Features, Target: t.Target,
		Rows: t.rows, Skipped: t.skipped, Notices: fit.Notices, Fitted: fit.Fitted}
	for _, metric := range append(fit.Metrics, Metric{"skipped_rows", float64(t.skipped)}) {
		if finite(metric.Value) {
			m.Metrics = append(m.Metrics, metric)
		}
	}
	m.finish()
	return m, nil
}
