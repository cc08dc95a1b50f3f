package vector

import (
	"sync/atomic"

	"htapdb/sql/sqlstate"
)

// Level is a set of vector instructions that the kernels use.
type Level int32

// The levels, in ascending order.
const (
	LevelGo     Level = iota // plain Go, the specification of the others
	LevelAVX2                // 256-bit registers
	LevelAVX512              // 512-bit registers with the F, BW, DQ and VL extensions
)

// levelNames are the values of the setting htap.simd and of EXPLAIN.
var levelNames = [...]string{LevelGo: "go", LevelAVX2: "avx2", LevelAVX512: "avx512"}

// String returns the level's name in EXPLAIN: "go", "avx2" or "avx512".
func (l Level) String() string { return levelNames[l] }

// level is the level in use. It is read once per kernel call, so that a change
// takes effect at the next batch; every level gives the same result.
var level atomic.Int32

func init() { level.Store(int32(detectLevel())) }

// SIMDLevel returns the name of the level that the kernels run at: "avx512",
// "avx2" or "go".
func SIMDLevel() string { return Level(level.Load()).String() }

// SetSIMD chooses the level for the whole process: "auto" or "on" for the best
// that the processor has, "off" or "go" for plain Go, or a level by name. It
// returns an InvalidParameterValue error for an unknown name and
// FeatureNotSupported for a level that the processor lacks.
func SetSIMD(name string) error {
	best := detectLevel()
	switch name {
	case "auto", "on":
		level.Store(int32(best))
		return nil
	case "off":
		level.Store(int32(LevelGo))
		return nil
	}
	for l, known := range levelNames {
		if name != known {
			continue
		}
		if Level(l) > best {
			return sqlstate.New(sqlstate.FeatureNotSupported, "this processor does not run %s instructions (best: %s)", name, best)
		}
		level.Store(int32(l))
		return nil
	}
	return sqlstate.New(sqlstate.InvalidParameterValue, "invalid SIMD level %q: expected auto, off, go, avx2 or avx512", name)
}
