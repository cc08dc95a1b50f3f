package physical

import (
	"htapdb/olap"
	"htapdb/sql/plan"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

func (b *builder) projectSet(n *plan.ProjectSet) (output, error) {
	f, err := setFunc(n)
	if err != nil {
		return output{}, err
	}
	in, err := b.build(n.Input)
	if err != nil {
		return output{}, err
	}
	args, err := lowerAll(n.Args, in.pos)
	if err != nil {
		return output{}, err
	}
	pos := make(map[plan.ColID]int, len(in.pos)+1)
	for id, at := range in.pos {
		pos[id] = at
	}
	pos[n.Col.ID] = len(in.node.Types())
	return output{&olap.ProjectSet{Input: in.node, Args: args, Func: f, Result: n.Col.Type}, pos}, nil
}

// setFunc finds the function of a ProjectSet.
func setFunc(n *plan.ProjectSet) (olap.SetFunc, error) {
	switch {
	case n.Name == "unnest":
		return unnestText, nil
	case n.Name == "generate_series" && n.Col.Type.IsInteger():
		return integerSeries(n.Col.Type), nil
	}
	return nil, sqlstate.New(sqlstate.FeatureNotSupported, "%s over %s with arguments that depend on columns is not supported", n.Name, n.Col.Type)
}

// unnestText yields the elements of an array in text form.
func unnestText(args []types.Datum) (func() (types.Datum, bool), error) {
	elems, err := types.ParseArray(args[0].Str())
	return func() (types.Datum, bool) {
		if len(elems) == 0 {
			return types.NullDatum, false
		}
		e := elems[0]
		elems = elems[1:]
		if e.Null {
			return types.NullDatum, true
		}
		return types.NewString(e.Text), true
	}, err
}

// integerSeries is generate_series of a row's own bounds.
func integerSeries(t types.Type) olap.SetFunc {
	return func(args []types.Datum) (func() (types.Datum, bool), error) {
		at, stop, step := args[0].Int(), args[1].Int(), int64(1)
		if len(args) > 2 {
			step = args[2].Int()
		}
		if step == 0 {
			return nil, sqlstate.New(sqlstate.InvalidParameterValue, "step size cannot equal zero")
		}
		ended := false
		return func() (types.Datum, bool) {
			if ended || step > 0 && at > stop || step < 0 && at < stop {
				return types.NullDatum, false
			}
			v := types.NewInt(t.Physical(), at)
			next := at + step
			ended = (next > at) != (step > 0) // past the end of 64 bits
			at = next
			return v, true
		}, nil
	}
}
