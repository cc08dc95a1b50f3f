package ml

import (
	"context"
	"slices"

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
	// Clustering has no target: it predicts to which group of rows that are like each
	// other a row belongs.
	Clustering
)

// String returns the name that ml.models and ml.algorithms show.
func (t Task) String() string {
	return [...]string{"regression", "classification", "clustering"}[t]
}

// Info describes an estimator. Documentation, hints and ml.algorithms are made from
// it.
type Info struct {
	// Name is the algorithm's after USING; Aliases are other names for it.
	Name    string
	Aliases []string
	// Tasks are those that it can be trained for; see Info.task for the choice.
	Tasks []Task
	// Help is one line.
	Help    string
	Options []Option
	// Complete leaves out rows in which a number is NULL, NaN or infinite, and counts
	// them as skipped. Algorithms to which that is a value like any other see them.
	Complete bool
}

// task chooses what a model of a target is for: what the estimator can, what the task
// option says, and else what the target's type is. An integer is a number to auto:
// counts are more often integers than labels are, and labels say so by the option.
func (i *Info) task(options Options, target Target) (Task, error) {
	unsupervised := slices.Contains(i.Tasks, Clustering)
	switch {
	case target.Name == "" && unsupervised:
		return Clustering, nil
	case target.Name == "":
		return 0, sqlstate.New(sqlstate.SyntaxError, "%s needs a column to predict: CREATE MODEL … PREDICT column USING %s", i.Name, i.Name)
	case unsupervised:
		return 0, sqlstate.New(sqlstate.SyntaxError, "%s predicts no column: leave out PREDICT %s", i.Name, target.Name)
	}
	var can []Task
	asked := options.Choice("task")
	for _, task := range i.Tasks {
		if task.target(target.Type) && (asked == "" || asked == "auto" || asked == task.String()) {
			can = append(can, task)
		}
	}
	switch {
	case len(can) == 0 && (asked == "" || asked == "auto"):
		return 0, sqlstate.New(sqlstate.DatatypeMismatch, "%s cannot predict column %q of type %s", i.Name, target.Name, target.Type)
	case len(can) == 0:
		return 0, sqlstate.New(sqlstate.DatatypeMismatch, "%s of column %q is not possible: it has type %s", asked, target.Name, target.Type).
			WithHint("Regression needs a number, classification an integer, a text or a boolean: cast the target in the query.")
	case slices.Contains(can, Regression):
		return Regression, nil
	}
	return can[0], nil
}

// target reports whether columns of a type can be the target of the task.
func (t Task) target(c types.Type) bool {
	if t == Regression {
		return c.IsNumber()
	}
	return t == Classification && c.Kind == types.Bool || c.IsString() || c.IsInteger()
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
// Prober, Describer or Clusterer.
type Fitted interface {
	// Predict computes the prediction of each row of b into out: a number, or the
	// number of a class or cluster, from 0.
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

// Clusterer is a Fitted that groups rows around centers.
type Clusterer interface {
	// Clusters returns the clusters in the order of their numbers.
	Clusters() []Cluster
}

// Cluster is a group of rows.
type Cluster struct {
	// Rows is how many rows of the training belong to it.
	Rows int64
	// Center has the coordinates, in the units of the features. Names has what they
	// are: features, and categories of features.
	Center []float64
	Names  []string
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
	var err error
	if t.task, err = info.task(t.Options, t.Target); err != nil {
		return nil, err
	}
	if len(t.Features) == 0 {
		return nil, sqlstate.New(sqlstate.InvalidParameterValue, "model has no features: the query gives no column but the target %q", t.Target.Name)
	}
	t.info = info
	fit, err := e.Fit(ctx, t)
	if err != nil {
		return nil, err
	}
	m := &Model{Algorithm: info.Name, Task: t.task, Features: t.Features, Target: t.Target,
		Rows: t.rows, Skipped: t.skipped, Notices: fit.Notices, Fitted: fit.Fitted}
	for _, metric := range append(fit.Metrics, Metric{"skipped_rows", float64(t.skipped)}) {
		if finite(metric.Value) {
			m.Metrics = append(m.Metrics, metric)
		}
	}
	m.finish()
	return m, nil
}
