package memory

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// noLimit is the least value that means 'none': version 1 writes the largest
// number of pages that fits, which differs by page size.
const noLimit = 1 << 60

// hierarchy is one of the two forms of cgroups that can limit memory.
type hierarchy struct {
	// controllers is the second field of a line of /proc/self/cgroup that belongs
	// to it.
	ours func(controllers string) bool
	// mounted says whether a mount of that type and those options shows it.
	mounted func(fstype, options string) bool
	// limits are the files of one group that hold a limit in bytes.
	limits []string
	// stat, "" for none, is the line of memory.stat with the tightest limit of all
	// groups above, those that a container cannot see included.
	stat string
}

// Both forms can be there at the same time (hybrid): the one that has the memory
// controller has the files, of the other no file is found.
var hierarchies = []hierarchy{
	{
		ours:    func(controllers string) bool { return controllers == "" },
		mounted: func(fstype, _ string) bool { return fstype == "cgroup2" },
		// Above high the kernel slows the process down to a crawl before it comes to max.
		limits: []string{"memory.max", "memory.high"},
	},
	{
		ours:    func(controllers string) bool { return listed(controllers, "memory") },
		mounted: func(fstype, options string) bool { return fstype == "cgroup" && listed(options, "memory") },
		limits:  []string{"memory.limit_in_bytes"},
		stat:    "hierarchical_memory_limit ",
	},
}

// listed tells whether a comma-separated list has the word.
func listed(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// cgroupLimit returns the tightest memory limit on the way from the process's own
// cgroup to the root of what is mounted here, 0 for none. A limit holds for all
// groups below it, and a service's is often set at its slice.
func cgroupLimit(root fs.FS) int64 {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	mountinfo, err := fs.ReadFile(root, "proc/self/mountinfo")
	if err != nil {
		return 0
	}
	mounts := parseMounts(string(mountinfo))
	best := int64(noLimit)
	for _, h := range hierarchies {
		own, ok := h.group(string(groups))
		if !ok {
			continue
		}
		for _, dir := range h.directories(mounts, own) {
			best = min(best, h.limit(root, dir))
		}
	}
	if best >= noLimit {
		return 0
	}
	return best
}

// group returns the process's path in the hierarchy, by /proc/self/cgroup.
func (h *hierarchy) group(groups string) (string, bool) {
	for line := range strings.Lines(groups) {
		// ID:controllers:path, where the path may have colons.
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) == 3 && h.ours(parts[1]) {
			return parts[2], true
		}
	}
	return "", false
}

// directories returns where the process's group and the groups above it are seen.
// A container sees its group as the root of the mount, and by its name at the
// host or, in a cgroup namespace, as "/".
func (h *hierarchy) directories(mounts []mount, own string) []string {
	var found, roots []string
	for _, m := range mounts {
		if !h.mounted(m.fstype, m.options) {
			continue
		}
		roots = append(roots, m.point)
		rel, ok := below(m.root, own)
		if !ok {
			continue
		}
		for dir := path.Join(m.point, rel); ; dir = path.Dir(dir) {
			found = append(found, dir)
			if dir == m.point || dir == "/" {
				break
			}
		}
	}
	if found == nil {
		// The own group is not in view; what is mounted is around it.
		return roots
	}
	return found
}

// below returns name relative to root, both absolute.
func below(root, name string) (string, bool) {
	if root == "/" {
		// A group outside of the namespace reads as /../other.
		return strings.TrimPrefix(name, "/"), name != "/.." && !strings.HasPrefix(name, "/../")
	}
	rest, ok := strings.CutPrefix(name, root)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	return strings.TrimPrefix(rest, "/"), true
}

// limit reads the limit of the group in dir, noLimit for none.
func (h *hierarchy) limit(root fs.FS, dir string) int64 {
	best := int64(noLimit)
	take := func(text string) {
		// "max", which is no number, is no limit.
		if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil && n > 0 {
			best = min(best, n)
		}
	}
	// What cannot be read is not at the root, or the controller is not here.
	read := func(name string) string {
		text, err := fs.ReadFile(root, strings.TrimPrefix(path.Join(dir, name), "/"))
		if err != nil {
			return ""
		}
		return string(text)
	}
	for _, name := range h.limits {
		take(read(name))
	}
	if h.stat != "" {
		for line := range strings.Lines(read("memory.stat")) {
			if rest, ok := strings.CutPrefix(line, h.stat); ok {
				take(rest)
			}
		}
	}
	return best
}

// mount is a line of /proc/self/mountinfo.
type mount struct {
	// root is the directory of the file system that is seen at point.
	root, point, fstype string
	// options are those of the file system.
	options string
}

// parseMounts reads /proc/self/mountinfo; lines that are not of its form are left out.
func parseMounts(text string) []mount {
	var out []mount
	for line := range strings.Lines(text) {
		// ID parent major:minor root point options [optional …] - fstype source options
		head, tail, ok := strings.Cut(line, " - ")
		h, t := strings.Fields(head), strings.Fields(tail)
		if !ok || len(h) < 6 || len(t) < 3 {
			continue
		}
		out = append(out, mount{root: unescape(h[3]), point: unescape(h[4]), fstype: t[0], options: t[2]})
	}
	return out
}

// unescape undoes the octal escapes of mountinfo: \040 is a space.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
