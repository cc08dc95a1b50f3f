// Package lint holds the project's rules as tests: who may import whom, how
// long files and functions get, and that exported names are documented.
//
// The rules are data (layers.txt, offenders.txt); the tests say what broke them
// and where the rule is written.
package lint

import (
	"fmt"
	"strings"
)

// Policy maps a package (relative to the module's root) to the packages it may
// import, transitively through the lines of layers.txt.
type Policy struct {
	direct map[string]map[string]bool
}

// ParsePolicy reads lines of the form "a, b < c, d": c and d may import a and b
// and whatever those may import. "c !" ends in a package list that exists without dependencies.
// Text after # is a comment.
func ParsePolicy(text string) (*Policy, error) {
	p := &Policy{direct: map[string]map[string]bool{}}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		parts := strings.Split(line, "<")
		if len(parts) < 2 {
			return nil, fmt.Errorf("layers.txt line %d: no '<'", i+1)
		}
		for k := 1; k < len(parts); k++ {
			for _, high := range names(parts[k]) {
				if p.direct[high] == nil {
					p.direct[high] = map[string]bool{}
				}
				for _, low := range names(parts[k-1]) {
					if low != "NONE" {
						p.direct[high][low] = true
					}
				}
			}
		}
	}
	return p, nil
}

func names(list string) []string {
	var out []string
	for _, n := range strings.Split(list, ",") {
		if n = strings.TrimSpace(n); n != "" {
			out = append(out, n)
		}
	}
	return out
}

// Known reports whether the policy has a line for pkg.
func (p *Policy) Known(pkg string) bool { return p.direct[pkg] != nil }

// Allowed reports whether pkg may import dep.
func (p *Policy) Allowed(pkg, dep string) bool {
	seen := map[string]bool{}
	var visit func(string) bool
	visit = func(at string) bool {
		if seen[at] {
			return false
		}
		seen[at] = true
		for low := range p.direct[at] {
			if low == dep || visit(low) {
				return true
			}
		}
		return false
	}
	return visit(pkg)
}
