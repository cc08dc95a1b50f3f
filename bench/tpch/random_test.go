package tpch

import (
	"math/rand/v2"
	"testing"
)

// TestScaleIsExact compares scaling in integers with the benchmark's double arithmetic: at random, and
// where a quotient is as close to a whole number as can be.
func TestScaleIsExact(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	check := func(draw, n uint64) {
		t.Helper()
		if want := uint64(float64(draw) / modulus * float64(n)); scale(draw, n) != want {
			t.Fatalf("draw %d of %d: %d, want %d", draw, n, scale(draw, n), want)
		}
	}
	for range 1_000_000 {
		check(1+rng.Uint64N(modulus-1), 1+rng.Uint64N(exactRange))
	}
	for range 200_000 {
		n := exactRange - rng.Uint64N(1000)
		k := 1 + rng.Uint64N(n-1)
		below := k * modulus / n // the largest draw that is scaled to k−1
		check(below, n)
		check(below+1, n)
	}
	check(1, 1)
	check(modulus-1, exactRange)
}

// TestStreamSteps checks that stepping over rows and draws gives what drawing gives.
func TestStreamSteps(t *testing.T) {
	for _, perRow := range []int64{1, 7, 92, 3000} {
		walked := newStream(209208115, perRow, 0)
		for row := range int64(300) {
			if jumped := newStream(209208115, perRow, row); jumped.value != walked.value {
				t.Fatalf("row %d of %d draws: %d, want %d", row, perRow, jumped.value, walked.value)
			}
			for range row % (perRow + 1) {
				walked.next()
			}
			walked.endRow()
		}
	}
	s := stream{value: 1}
	for range 10000 {
		s.next()
	}
	if s.value != 1043618065 { // the generator's published check value
		t.Errorf("the 10,000th draw from 1 is %d", s.value)
	}
}
