package memory

import (
	"testing"
	"testing/fstest"
)

// What mountinfo says on the systems that the cases are taken from.
const (
	mountsV1 = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:10 - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
`
	mountsUnified = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
	mountsV2      = "30 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	unlimitedV1   = "9223372036854771712\n"
)

const gib = 1 << 30

// cgroupCases are what a process finds on the systems that they are named after.
var cgroupCases = []struct {
	name          string
	groups        string
	mounts        string
	files         map[string]string
	want          int64
	nothingToRead bool
}{
	{name: "no cgroups", nothingToRead: true},
	{
		name: "v1, at the root", groups: "4:memory:/\n3:cpu,cpuacct:/x\n", mounts: mountsV1,
		files: map[string]string{"memory/memory.limit_in_bytes": unlimitedV1},
	},
	{
		name: "v1, own group", groups: "11:name=systemd:/\n4:memory:/app/db\n", mounts: mountsV1,
		files: map[string]string{
			"memory/memory.limit_in_bytes":        unlimitedV1,
			"memory/app/memory.limit_in_bytes":    unlimitedV1,
			"memory/app/db/memory.limit_in_bytes": "1073741824\n",
		},
		want: gib,
	},
	{
		name: "v1, the parent is tighter", groups: "4:memory:/app/db\n", mounts: mountsV1,
		files: map[string]string{
			"memory/app/memory.limit_in_bytes":    "1073741824\n",
			"memory/app/db/memory.limit_in_bytes": "4294967296\n",
		},
		want: gib,
	},
	{
		name: "v1, the controller shares a hierarchy", groups: "4:cpu,memory:/db\n",
		mounts: "35 31 0:32 / /cg rw - cgroup cgroup rw,cpu,memory\n",
		files:  map[string]string{"/cg/db/memory.limit_in_bytes": "1073741824"},
		want:   gib,
	},
	{
		name: "v1, a limit out of sight", groups: "4:memory:/\n", mounts: mountsV1,
		files: map[string]string{
			"memory/memory.limit_in_bytes": unlimitedV1,
			"memory/memory.stat":           "cache 1\nhierarchical_memory_limit 1073741824\nhierarchical_memsw_limit 5\n",
		},
		want: gib,
	},
	{
		name: "v1, docker without a namespace", groups: "4:memory:/docker/0a1b\n",
		mounts: "35 31 0:32 /docker/0a1b /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
		files:  map[string]string{"memory/memory.limit_in_bytes": "1073741824"},
		want:   gib,
	},
	{
		name: "v1, kubernetes names the pod as the host does", groups: "4:memory:/kubepods/burstable/pod1/c2\n",
		mounts: "35 31 0:32 /kubepods/burstable/pod9 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
		files:  map[string]string{"memory/memory.limit_in_bytes": "1073741824"},
		want:   gib,
	},
	{
		name: "v2, a service of systemd under a limited slice", groups: "0::/system.slice/htap.service\n", mounts: mountsV2,
		files: map[string]string{
			"system.slice/memory.max":               "1073741824\n",
			"system.slice/memory.high":              "max\n",
			"system.slice/htap.service/memory.max":  "max\n",
			"system.slice/htap.service/memory.high": "max\n",
		},
		want: gib,
	},
	{
		name: "v2, high is below max", groups: "0::/user.slice/user-1000.slice/user@1000.service/app.slice/db.service\n", mounts: mountsV2,
		files: map[string]string{
			"user.slice/user-1000.slice/memory.max":                                            "8589934592\n",
			"user.slice/user-1000.slice/user@1000.service/app.slice/db.service/memory.max":     "2147483648\n",
			"user.slice/user-1000.slice/user@1000.service/app.slice/db.service/memory.high":    "1073741824\n",
			"user.slice/user-1000.slice/user@1000.service/app.slice/other.service/memory.high": "1048576\n",
		},
		want: gib,
	},
	{
		name: "v2, docker with a namespace", groups: "0::/\n", mounts: mountsV2,
		files: map[string]string{"memory.max": "1073741824\n"},
		want:  gib,
	},
	{
		name: "v2, docker without a namespace", groups: "0::/system.slice/docker-0a1b.scope\n",
		mounts: "30 24 0:26 /system.slice/docker-0a1b.scope /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
		files:  map[string]string{"memory.max": "1073741824\n"},
		want:   gib,
	},
	{
		name: "v2, a group outside of the namespace", groups: "0::/../other.service\n",
		mounts: "30 24 0:26 /.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
		files:  map[string]string{"other.service/memory.max": "1073741824\n"},
		want:   gib,
	},
	{
		name: "v2, a group out of view", groups: "0::/../other.service\n", mounts: mountsV2,
		files: map[string]string{"memory.max": "1073741824\n", "other.service/memory.max": "1\n"},
		want:  gib,
	},
	{
		name: "hybrid, v1 has the controller", groups: "4:memory:/db\n0::/db\n", mounts: mountsV1 + mountsUnified,
		files: map[string]string{
			"unified/db/cgroup.procs":         "7\n",
			"memory/db/memory.limit_in_bytes": "1073741824\n",
		},
		want: gib,
	},
	{
		name: "hybrid, v2 has the controller", groups: "3:cpu,cpuacct:/\n0::/db\n", mounts: mountsV1 + mountsUnified,
		files: map[string]string{"unified/db/memory.max": "1073741824\n"},
		want:  gib,
	},
	{
		name: "a mount point with a space", groups: "0::/a:b\n",
		mounts: `30 24 0:26 / /my\040cg rw - cgroup2 cgroup2 rw` + "\n",
		files:  map[string]string{"/my cg/a:b/memory.max": "1073741824\n"},
		want:   gib,
	},
	{
		name: "damaged files", groups: "4:memory\n\n0::/x\n", mounts: "nonsense\n30 24 - cgroup2\n" + mountsV2,
		files: map[string]string{"x/memory.max": "many\n", "memory.max": "-5\n"},
	},
}

// TestCgroupLimit proves that the tightest limit on the way to the root of the
// hierarchy is found, in each form that Linux has, and where a container or a
// namespace shows only a part of it.
func TestCgroupLimit(t *testing.T) {
	for _, c := range cgroupCases {
		t.Run(c.name, func(t *testing.T) {
			root := fstest.MapFS{"proc/meminfo": {Data: []byte("MemTotal:       8388608 kB\nMemFree: 1 kB\n")}}
			if !c.nothingToRead {
				root["proc/self/cgroup"] = &fstest.MapFile{Data: []byte(c.groups)}
				root["proc/self/mountinfo"] = &fstest.MapFile{Data: []byte(c.mounts)}
			}
			for name, text := range c.files {
				if name[0] == '/' {
					name = name[1:]
				} else {
					name = "sys/fs/cgroup/" + name
				}
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := cgroupLimit(root); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
			want := c.want
			if want == 0 {
				want = 8 * gib
			}
			if got := usable(root); got != want {
				t.Errorf("usable: got %d, want %d", got, want)
			}
		})
	}
	if got := usable(fstest.MapFS{"proc/meminfo": {Data: []byte("MemTotal: much\n")}}); got != fallbackMemory {
		t.Errorf("a machine that does not tell: %d", got)
	}
}
