package setting

import (
	"strings"

	"htapdb/sql/parser"
)

// Path is the value of search_path.
type Path struct {
	// Text identifies the path in keys of caches.
	Text string
	// Schemas are the names in order, with the user's for "$user".
	Schemas []string
	// Default is the path that finds what is in public, and nothing else.
	Default bool
}

// User is the name of the one role.
const User = "htap"

const defaultPath = `"$user", public`

// searchPath reads names separated by commas, quoted like identifiers.
func searchPath(text string) (string, any, string, error) {
	p := &Path{Text: text, Default: text == defaultPath || text == "public"}
	var shown []string
	rest := strings.TrimSpace(text)
	for rest != "" {
		var name string
		if rest[0] == '"' {
			end := 1
			for end < len(rest) && (rest[end] != '"' || strings.HasPrefix(rest[end:], `""`)) {
				if rest[end] == '"' {
					end++
				}
				end++
			}
			if end >= len(rest) {
				return "", nil, "", syntaxOfList("search_path", text)
			}
			name, rest = strings.ReplaceAll(rest[1:end], `""`, `"`), strings.TrimSpace(rest[end+1:])
		} else {
			end := strings.IndexByte(rest, ',')
			if end < 0 {
				end = len(rest)
			}
			name, rest = strings.ToLower(strings.TrimSpace(rest[:end])), rest[end:]
			if name == "" || strings.ContainsAny(name, " \t\n\"") {
				return "", nil, "", syntaxOfList("search_path", text)
			}
		}
		shown = append(shown, parser.QuoteIdent(name))
		if name == "$user" {
			name = User
		}
		if name != "" {
			p.Schemas = append(p.Schemas, name)
		}
		if rest == "" {
			break
		}
		if rest[0] != ',' || strings.TrimSpace(rest[1:]) == "" {
			return "", nil, "", syntaxOfList("search_path", text)
		}
		rest = strings.TrimSpace(rest[1:])
	}
	p.Text = strings.Join(shown, ", ")
	return p.Text, p, "", nil
}
