package segment

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/axiomhq/hyperloglog"
)

// A sketch is byte for byte what the library makes of the same hashes, for any
// number of distinct ones around the change from keys to registers, with nulls,
// and for hashes with long runs of zeros.
func TestSketchIsTheLibrarys(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	var s sketcher
	for _, distinct := range []int{0, 1, 2, 40, 41, 42, 1000, 1300, 1400, 1500, 2000, 4095, 4096, 4097, 5000, 100_000} {
		for _, mask := range []uint64{^uint64(0), 1<<41 - 1, 0xFFF<<52 | 0xFF, 1<<39 - 1} {
			for _, nulls := range []bool{false, true} {
				values := make([]uint64, max(distinct, 1))
				for i := range values {
					values[i] = r.Uint64() & mask
				}
				var hashes []uint64
				var valid []uint8
				if distinct > 0 {
					hashes = make([]uint64, 3*distinct)
				}
				for i := range hashes {
					hashes[i] = values[i%distinct]
				}
				if nulls {
					valid = make([]uint8, len(hashes))
					for i := range valid {
						valid[i] = uint8(r.IntN(2))
					}
				}
				want, err := hyperloglog.NewSketch(sketchPrecision, true)
				if err != nil {
					t.Fatal(err)
				}
				for i, h := range hashes {
					if valid == nil || valid[i] != 0 {
						want.InsertHash(h)
					}
				}
				estimate := want.Estimate()
				data, err := want.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				got, n := s.sketch(hashes, valid)
				if !bytes.Equal(got, data) || n != estimate {
					t.Errorf("%d distinct, mask %x, nulls %v: %d bytes, estimate %d; the library has %d, %d", distinct, mask, nulls, len(got), n, len(data), estimate)
				}
			}
		}
	}
}
