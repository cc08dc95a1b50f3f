package memory

import (
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// fallbackMemory is assumed when the machine does not say how much it has.
const fallbackMemory = 4 << 30

// DefaultLimit is half of what this process may use: of the machine's memory, or
// of the tightest limit of the cgroups that it is in.
func DefaultLimit() int64 { return usable(os.DirFS("/")) / 2 }

// usable is the memory that the process may use by the files of root: the
// machine's, or less by its cgroups.
func usable(root fs.FS) int64 {
	total := physical(root)
	if limit := cgroupLimit(root); limit > 0 {
		total = min(total, limit)
	}
	return total
}

// physical returns the machine's memory in bytes.
func physical(root fs.FS) int64 {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return fallbackMemory
	}
	for line := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(line, "MemTotal:")
		if !ok {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		if err == nil && kb > 0 {
			return kb << 10
		}
	}
	return fallbackMemory
}
