package rowstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strconv"
	"strings"

	"htapdb/internal/vfs"

	"github.com/cockroachdb/pebble/v2/record"
)

// What a repair has to know of Pebble's files: their names, the chunks of a log,
// and which logs the manifest says are still needed.

const (
	logSuffix      = ".log"
	markerPrefix   = "marker."
	manifestMarker = markerPrefix + "manifest."
)

// logNumber returns the number in a log's name, MaxUint64 for another name.
func logNumber(name string) uint64 {
	n, err := strconv.ParseUint(strings.TrimSuffix(name, logSuffix), 10, 64)
	if err != nil {
		return math.MaxUint64
	}
	return n
}

// Layout of a log: blocks of 32 KiB hold chunks that do not cross them. A chunk is
// checksum (4) | length (2) | type (1) | log number (4) | [sync offset (8)] | payload,
// the checksum being that of what follows the length.
const (
	logBlock          = 32 << 10
	recyclableHead    = 4 + 2 + 1 + 4
	syncedHead        = recyclableHead + 8
	firstRecyclable   = 5
	firstSynced       = 9
	lastSynced        = 12
	crcRotation       = 15
	crcDelta          = 0xa282ead8
	chunkChecked      = 6 // where the checksummed part begins
	chunkLength       = 4
	chunkType         = 6
	chunkNumber       = 7
	endOfLogIncrement = 1 // the trailer of a closed log has the number after its own
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// intactLog returns the length of the log's part before the first chunk that is
// not one of this log: damage, or the end.
func intactLog(b []byte, number uint32) int {
	le := binary.LittleEndian
	for at := 0; ; {
		left := logBlock - at%logBlock
		if left < recyclableHead {
			if at += left; at >= len(b) {
				return min(at, len(b))
			}
			continue
		}
		end := min(at+left, len(b))
		if end-at < recyclableHead {
			return at
		}
		head := recyclableHead
		switch t := b[at+chunkType]; {
		case t >= firstSynced && t <= lastSynced:
			head = syncedHead
		case t >= firstRecyclable && t < firstSynced:
		default:
			if left < syncedHead && allZero(b[at:end]) {
				at = end // no chunk fits here
				continue
			}
			return at
		}
		size := head + int(le.Uint16(b[at+chunkLength:]))
		if at+size > end || le.Uint32(b[at+chunkNumber:]) != number {
			return at
		}
		c := crc32.Checksum(b[at+chunkChecked:at+size], castagnoli)
		if le.Uint32(b[at:]) != (c>>crcRotation|c<<(32-crcRotation))+crcDelta {
			return at
		}
		at += size
	}
}

func allZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

// Tags of a manifest's edits that come before all others: only those are read.
const (
	tagComparer  = 1
	tagLogNumber = 2
	tagNextFile  = 3
	tagLastSeq   = 4
	tagPrevLog   = 9
	errManifest  = "the manifest does not say which logs are needed"
)

// oldestLog returns the number of the oldest log that is not in sorted files yet.
func oldestLog(fs vfs.FS, dir string, names []string) (uint64, error) {
	newest, manifest := uint64(0), ""
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, manifestMarker)
		count, value, found := strings.Cut(rest, ".")
		if n, err := strconv.ParseUint(count, 10, 64); ok && found && err == nil && n >= newest {
			newest, manifest = n, value
		}
	}
	if manifest == "" {
		return 0, errors.New(errManifest)
	}
	f, err := fs.Open(fs.PathJoin(dir, manifest))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	oldest := uint64(0)
	for r := record.NewReader(f, 0); ; {
		edit, err := r.Next()
		if err == io.EOF || record.IsInvalidRecord(err) {
			return oldest, nil
		}
		if err != nil {
			return 0, err
		}
		b, err := io.ReadAll(edit)
		if record.IsInvalidRecord(err) {
			return oldest, nil
		}
		if err != nil {
			return 0, err
		}
		n, err := editLog(b)
		if err != nil {
			return 0, err
		}
		if n != 0 {
			oldest = n
		}
	}
}

// editLog returns the log number of an edit, 0 if it has none.
func editLog(b []byte) (uint64, error) {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return 0, errors.New(errManifest)
		}
		b = b[n:]
		switch tag {
		case tagComparer, tagNextFile, tagLastSeq, tagPrevLog, tagLogNumber:
		default:
			return 0, nil
		}
		x, n := binary.Uvarint(b)
		if n <= 0 {
			return 0, fmt.Errorf("%s: tag %d", errManifest, tag)
		}
		b = b[n:]
		switch tag {
		case tagLogNumber:
			return x, nil
		case tagComparer:
			b = b[min(x, uint64(len(b))):]
		}
	}
	return 0, nil
}
