package ml_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"htapdb/ml"
	"htapdb/ml/linear"
	"htapdb/ml/modeltest"
	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// ints are integers as an Encoder writes them.
func ints(list ...int64) (out []byte) {
	for _, v := range list {
		out = binary.AppendVarint(out, v)
	}
	return out
}

// A list ends at its first item that cannot be read, and the decoder tells that one.
func TestListsEndAtTheFirstError(t *testing.T) {
	bad := append(ints(1_000, 5), make([]byte, 2_000)...) // a text of 5 zeros, then empty ones
	copy(bad[len(ints(1_000, 5))+5:], ints(1<<40))
	for name, read := range map[string]func(d *ml.Decoder) int{
		"texts":    func(d *ml.Decoder) int { return len(d.Texts()) },
		"integers": func(d *ml.Decoder) int { return len(d.Ints()) },
	} {
		d := ml.NewDecoder(bad)
		if n := read(d); n != 0 || !sqlstate.Is(d.Err(), sqlstate.DataCorrupted) {
			t.Errorf("%s: %d items, %v", name, n, d.Err())
		}
	}
}

// Types that do not exist are refused: of a classifier's target, whose values are made
// of it, and of a feature.
func TestTypesThatDoNotExist(t *testing.T) {
	r := ml.NewRegistry(linear.Logistic{})
	m := modeltest.MustTrain(t, linear.Logistic{}, nil, modeltest.Mixed(rand.New(rand.NewPCG(7, 7)), 200, ml.Classification))
	for _, place := range []*types.Type{&m.Target.Type, &m.Features[0].Type} {
		whole := *place
		for _, kind := range []types.Kind{types.JSONB + 1, 200} {
			place.Kind = kind
			if _, err := r.Decode(m.Encode()); !sqlstate.Is(err, sqlstate.DataCorrupted) {
				t.Errorf("a type of kind %d: %v", kind, err)
			}
		}
		*place = whole
	}
	if _, err := r.Decode(m.Encode()); err != nil {
		t.Error(err)
	}
}
