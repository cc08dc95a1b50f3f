package parser

import (
	"strings"

	"htapdb/sql/sqlstate"
)

// ParseName reads a name in a string as PostgreSQL's regclass does: parts with
// points between them, folded to lower case unless quoted. Error 42602.
func ParseName(text string) (n ObjectName, err error) {
	var parts []string
	rest := strings.TrimSpace(text)
	for {
		var part string
		if strings.HasPrefix(rest, `"`) {
			end := 1
			for end < len(rest) && (rest[end] != '"' || strings.HasPrefix(rest[end:], `""`)) {
				if rest[end] == '"' {
					end++
				}
				end++
			}
			if end >= len(rest) {
				break
			}
			part, rest = strings.ReplaceAll(rest[1:end], `""`, `"`), strings.TrimSpace(rest[end+1:])
		} else {
			end := strings.IndexByte(rest, '.')
			if end < 0 {
				end = len(rest)
			}
			part, rest = strings.ToLower(strings.TrimSpace(rest[:end])), rest[end:]
		}
		if part == "" || strings.ContainsAny(part, " \t\n") && !strings.Contains(text, `"`) {
			break
		}
		parts = append(parts, part)
		if rest == "" && len(parts) <= 3 {
			n.Name = parts[len(parts)-1]
			if len(parts) > 1 {
				n.Schema = parts[len(parts)-2]
			}
			return n, nil
		}
		if !strings.HasPrefix(rest, ".") {
			break
		}
		rest = strings.TrimSpace(rest[1:])
	}
	return n, sqlstate.New(sqlstate.InvalidName, "invalid name syntax")
}
