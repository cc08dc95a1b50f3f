package pg

import "strings"

// firstWord returns the first word of a statement in upper case, "" for a text
// of blanks, comments and semicolons. It classifies; parsing is the engine's.
func firstWord(sql string) string {
	sql = skipBlank(sql)
	n := 0
	for n < len(sql) && n < 16 && (sql[n]|0x20 >= 'a' && sql[n]|0x20 <= 'z') {
		n++
	}
	if n == 0 && sql != "" {
		return sql[:1]
	}
	return strings.ToUpper(sql[:n])
}

// skipBlank drops leading blanks, semicolons and comments; block comments nest.
func skipBlank(s string) string {
	for {
		s = strings.TrimLeft(s, " \t\r\n\f\v;")
		switch {
		case strings.HasPrefix(s, "--"):
			_, rest, found := strings.Cut(s, "\n")
			if !found {
				return ""
			}
			s = rest
		case strings.HasPrefix(s, "/*"):
			depth, i := 0, 0
			for i < len(s) {
				switch {
				case strings.HasPrefix(s[i:], "/*"):
					depth, i = depth+1, i+2
				case strings.HasPrefix(s[i:], "*/"):
					depth, i = depth-1, i+2
				default:
					i++
				}
				if depth == 0 {
					break
				}
			}
			if depth > 0 {
				return s // unterminated: the parser's error
			}
			s = s[i:]
		default:
			return s
		}
	}
}

// endsTransaction reports COMMIT and ROLLBACK, except of a savepoint.
func (c *conn) endsTransaction(sql string) bool {
	switch firstWord(sql) {
	case "COMMIT", "END", "ABORT":
		return true
	case "ROLLBACK":
		fields := strings.Fields(strings.ToUpper(skipBlank(sql)))
		for _, f := range fields[1:min(len(fields), 3)] {
			if f == "TO" {
				return false
			}
		}
		return true
	}
	return false
}

// endsFailed reports statements that a failed transaction runs.
func endsFailed(word string) bool {
	switch word {
	case "COMMIT", "END", "ROLLBACK", "ABORT":
		return true
	}
	return false
}

// standsAlone reports statements that must not be put in an implicit
// transaction: they control transactions or cannot run inside one.
func standsAlone(word string) bool {
	switch word {
	case "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "VACUUM", "CHECKPOINT":
		return true
	}
	return false
}
