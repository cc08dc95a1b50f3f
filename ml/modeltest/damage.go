package modeltest

import (
	"testing"

	"htapdb/internal/testutil"
	"htapdb/ml"
)

// A damaged state is refused as such and never believed: not cut, and not with a
// changed byte under a right checksum, which may only make another model that answers.
func damage(t *testing.T, e ml.Estimator, task ml.Task, with map[string]string) {
	rng := testutil.Rand(t)
	state := MustTrain(t, e, with, Mixed(rng, 500, task)).Encode()
	r := ml.NewRegistry(e)
	for range 300 {
		bad := append([]byte(nil), state...)
		bad[rng.IntN(len(bad))] ^= byte(1 + rng.IntN(255))
		if _, err := r.Decode(bad); err == nil {
			t.Fatal("a state with a changed byte was read")
		}
		if m, err := r.Decode(ml.Sum(bad[:len(bad)-4])); err == nil {
			Ask(t, m)
		}
		cut := rng.IntN(len(state) - 4)
		if _, err := r.Decode(ml.Sum(state[:cut:cut])); err == nil { // Sum must not write into the rest
			t.Fatal("a cut state was read")
		}
	}
}
