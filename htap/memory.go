package htap

import (
	"os"
	"strconv"
	"strings"
)

// fallbackMemory is assumed when the machine does not say how much it has.
const fallbackMemory = 4 << 30

// defaultMemoryLimit is half of what the cgroup or the machine has.
func defaultMemoryLimit() int64 {
	total := machineMemory()
	if limit := cgroupLimit(); limit > 0 && limit < total {
		total = limit
	}
	return total / 2
}

// machineMemory returns the physical memory in bytes.
func machineMemory() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return fallbackMemory
	}
	for _, line := range strings.Split(string(text), "\n") {
		rest, ok := strings.CutPrefix(line, "MemTotal:")
		if !ok {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
		if err == nil {
			return kb << 10
		}
	}
	return fallbackMemory
}

// cgroupLimit returns the memory limit of the process's cgroup, 0 for none.
func cgroupLimit() int64 {
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 {
			return n
		}
	}
	return 0
}
