package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"htapdb/htap"
)

// versionCmd is htap version.
type versionCmd struct{}

func (c *versionCmd) run(context.Context) int {
	cgo := "off"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "CGO_ENABLED" && s.Value == "1" {
				cgo = "on"
			}
		}
	}
	fmt.Printf("htap %s (%s, %s/%s, cgo %s)\n", htap.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, cgo)
	return exitOK
}
