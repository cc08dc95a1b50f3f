package tree

import (
	"errors"
	"math"
	"sync"

	"htapdb/ml"
	"htapdb/sql/sqlstate"
)

// budget is the memory that a training has reserved. What is released stays reserved
// for the training's next needs: a training gives back to its account when it ends. It
// may be used by several goroutines.
type budget struct {
	t *ml.Training

	mu    sync.Mutex
	spare int64 // reserved, and not in use
}

// take reserves bytes, before they are allocated. Errors: 53200.
func (b *budget) take(bytes int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if more := bytes - b.spare; more > 0 {
		if err := b.t.Reserve(more); err != nil {
			return err
		}
		b.spare += more
	}
	b.spare -= bytes
	return nil
}

// release says that bytes that were taken are no longer in use.
func (b *budget) release(bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spare += bytes
}

// outOfMemory reports whether err is that of an account's limit.
func outOfMemory(err error) bool {
	var known *sqlstate.Error
	return errors.As(err, &known) && known.Code == sqlstate.OutOfMemory
}

// extend returns list with room for n more elements of so many bytes. It takes the
// memory of a longer list before it makes it, and releases that of the old one. The step
// of a quarter copies each element about four times.
func extend[T any](list []T, n int, bytes int64, take func(int64) error, release func(int64)) ([]T, error) {
	if len(list)+n <= cap(list) {
		return list, nil
	}
	room := max(len(list)+n, cap(list)+cap(list)/4, 64)
	if err := take(int64(room) * bytes); err != nil {
		return list, err
	}
	out := append(make([]T, 0, room), list...)
	release(int64(cap(list)) * bytes)
	return out, nil
}

// mostEncoded bounds the serialized form of a model: 1 GB, what PostgreSQL allows a
// value. A model is written and read as a whole and decoded in every process that
// predicts with it, and a larger one is a copy of its rows rather than what they have in
// common. mostPlaces bounds the nodes and the values of an ensemble, whose places are
// int32. Tests lower both.
var (
	mostEncoded int64 = 1 << 30
	mostPlaces  int64 = math.MaxInt32
)

// checkSize refuses a model of so many serialized bytes, nodes and values.
func checkSize(bytes, nodes, values int64) error {
	switch {
	case bytes > mostEncoded:
		return sqlstate.New(sqlstate.ProgramLimitExceeded, "the trees take more than %d MB, the limit of a model", mostEncoded>>20).WithHint("%s", smallerHint)
	case max(nodes, values) > mostPlaces:
		return sqlstate.New(sqlstate.ProgramLimitExceeded, "the trees have %d nodes and %d values in leaves, and a model has at most %d of each", nodes, values, mostPlaces).
			WithHint("%s", smallerHint)
	}
	return nil
}

const smallerHint = "Raise min_rows, set max_depth, or train fewer trees."

// varintBytes is the length of a number that Encoder.Int writes.
func varintBytes(x int64) int64 {
	u := uint64(x)<<1 ^ uint64(x>>63)
	n := int64(1)
	for ; u >= 1<<7; u >>= 7 {
		n++
	}
	return n
}
