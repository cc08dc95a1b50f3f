package pgregress

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// taint follows which objects of a script are not the same on both servers,
// because a statement that makes or changes them ran on one of them only, or read
// what was not the same. What names such an object may differ without being a
// defect of its own.
//
// Invariant: an object is tainted for a reason that stands in the script. Taint
// ends when the object is dropped on both servers, or made anew, and when a
// transaction that brought it is rolled back on both.
type taint struct {
	// names are the tainted objects, in lower case and without their schema.
	names map[string]objectKind
	// relations are the tables, views and sequences that the script has made so
	// far, and those of the set-up.
	relations map[string]bool
	// views are the relations that each view reads: to write to it is to write to them.
	views map[string][]string
	// prepared is what a PREPAREd statement writes to.
	prepared map[string]string
	// block is the open transaction, nil outside.
	block *block
}

// block is a transaction block that both servers are in.
type block struct {
	names map[string]objectKind // at its beginning
	// written are the objects that its statements have changed on both servers.
	written map[string]bool
}

// objectKind tells how a statement names an object.
type objectKind int

const (
	anywhere objectKind = iota // the name is a word of the statement
	called                     // the name is followed by a parenthesis
)

func newTaint() *taint {
	return &taint{names: map[string]objectKind{}, relations: map[string]bool{}, views: map[string][]string{}, prepared: map[string]string{}}
}

// clone is the same taint for another script, outside a transaction.
func (t *taint) clone() *taint {
	return &taint{names: maps.Clone(t.names), relations: maps.Clone(t.relations), views: maps.Clone(t.views), prepared: map[string]string{}}
}

const (
	modifiers = `(?:(?:global|local|temp|temporary|unlogged|unique|foreign|materialized|recursive|constraint|trusted|procedural|default|event|text|search|access)\s+)*`
	nameParts = `"?([a-z_]\w*)"?(?:\."?([a-z_]\w*)"?)?`
	guards    = `(?:if\s+(?:not\s+)?exists\s+|concurrently\s+|only\s+|temp\s+|temporary\s+|table\s+)*`
)

var (
	// ddlRE finds what a statement makes, changes or drops, and of which kind it is.
	ddlRE = regexp.MustCompile(`(?is)^(create|alter|drop|comment\s+on|security\s+label\s+on|refresh|grant\b.*?\bon|revoke\b.*?\bon)\s+(?:or\s+replace\s+)?` + modifiers +
		`(table|view|index|type|domain|function|schema|sequence|aggregate|procedure|routine|operator\s+class|operator\s+family|trigger|rule|collation|conversion|language|role|user|group|policy|publication|statistics|server|configuration|dictionary|method|column|view)\s+` +
		guards + nameParts)
	// writeRE finds the target of a statement that changes rows.
	writeRE = regexp.MustCompile(`(?is)\b(?:insert\s+into|update|delete\s+from|merge\s+into|truncate(?:\s+table)?)\s+(?:only\s+)?` + nameParts)
	copyRE  = regexp.MustCompile(`(?is)^copy\s+` + nameParts + `.*\bfrom\b`)
	intoRE  = regexp.MustCompile(`(?is)^(?:with|select)\b.*?\binto\s+` + guards + nameParts)
	namedRE = regexp.MustCompile(`(?is)^(prepare|declare)\s+` + nameParts)
	asRE    = regexp.MustCompile(`(?is)^create\s+(?:or\s+replace\s+)?` + modifiers + `(?:table|view)\b.*?\bas\s+\(*\s*(?:select|with|values|table|execute)\b`)
	dropRE  = regexp.MustCompile(`(?is)^drop\s+` + modifiers + `(?:table|view|sequence|function|index|schema|type|domain)\s+(?:if\s+exists\s+)?(.*)$`)

	setRE     = regexp.MustCompile(`(?is)^(?:set|reset)\s+(?:(?:session|local)\s+)?([a-z_][\w.]*)`)
	renameRE  = regexp.MustCompile(`(?is)^alter\b.*\brename\s+to\s+` + nameParts)
	analyzeRE = regexp.MustCompile(`(?is)^explain\s*\(?[^()]*analyze`)

	wordRE    = regexp.MustCompile(`[a-zA-Z_]\w*`)
	commentRE = regexp.MustCompile(`(?s)--[^\n]*\n?|/\*.*?\*/`)
)

// plain is a statement without its comments.
func plain(text string) string { return strings.TrimSpace(commentRE.ReplaceAllString(text, " ")) }

// lastPart is the name without its schema.
func lastPart(m []string, at int) string {
	if m[at+1] != "" {
		return strings.ToLower(m[at+1])
	}
	return strings.ToLower(m[at])
}

// targets are what a statement makes or changes; all of a statement of DDL are the
// relations that it names, since a rule, a trigger, a function, a foreign key or a
// child changes what each of them does.
func (t *taint) targets(text string) map[string]objectKind {
	out := map[string]objectKind{}
	if m := namedRE.FindStringSubmatch(text); m != nil {
		out[lastPart(m, 2)] = anywhere
		return out
	}
	if m := ddlRE.FindStringSubmatch(text); m != nil {
		kind := anywhere
		switch object := strings.ToLower(m[2]); object {
		case "function", "aggregate", "procedure", "routine":
			kind = called
			out[lastPart(m, 3)] = kind
		case "column":
			out[strings.ToLower(m[3])] = anywhere
		default:
			out[lastPart(m, 3)] = anywhere
		}
		if asRE.MatchString(text) {
			return out
		}
		if m := renameRE.FindStringSubmatch(text); m != nil {
			out[lastPart(m, 1)] = anywhere
		}
		t.named(text, out)
		return out
	}
	for _, re := range []*regexp.Regexp{copyRE, intoRE} {
		if m := re.FindStringSubmatch(text); m != nil {
			out[lastPart(m, 1)] = anywhere
			return out
		}
	}
	switch strings.ToLower(wordRE.FindString(text)) {
	case "explain":
		if !analyzeRE.MatchString(text) {
			return out
		}
	case "execute":
		if words := wordRE.FindAllString(text, 2); len(words) == 2 && t.prepared[strings.ToLower(words[1])] != "" {
			out[t.prepared[strings.ToLower(words[1])]] = anywhere
		}
	case "do", "call", "create": // an index without a name, an operator, a cast
		t.named(text, out)
	case "set", "reset":
		if m := setRE.FindStringSubmatch(text); m != nil {
			out[strings.ToLower(m[1])] = anywhere
		}
		return out
	}
	for _, m := range writeRE.FindAllStringSubmatch(text, -1) {
		if name := lastPart(m, 1); name != "set" && name != "of" && name != "skip" && name != "nowait" {
			t.written(name, out)
		}
	}
	return out
}

// named adds the relations that a text names.
func (t *taint) named(text string, out map[string]objectKind) {
	for _, w := range wordRE.FindAllString(text, -1) {
		if w = strings.ToLower(w); t.relations[w] {
			out[w] = anywhere
		}
	}
}

// written adds a relation whose rows change, and those below it if it is a view.
func (t *taint) written(name string, out map[string]objectKind) {
	if _, ok := out[name]; ok {
		return
	}
	out[name] = anywhere
	for _, below := range t.views[name] {
		t.written(below, out)
	}
}

// touches reports whether the statement names an object that is not the same.
func (t *taint) touches(text string) bool { return t.touchesBut(plain(text), "") }

// parts are the ends of the names that PostgreSQL gives to a table's indexes,
// constraints and sequences.
var parts = []string{"_pkey", "_key", "_idx", "_seq", "_check", "_fkey"}

// tainted looks up a name: an object's own, that of a view of such an object, or
// one that begins with a table's, as its sequences and indexes do.
func (t *taint) tainted(name string) (objectKind, bool) {
	if kind, ok := t.names[name]; ok {
		return kind, true
	}
	if t.views[name] != nil {
		below := map[string]objectKind{}
		t.written(name, below)
		for b := range below {
			if _, ok := t.names[b]; ok {
				return anywhere, true
			}
		}
	}
	if slices.ContainsFunc(parts, func(end string) bool { return strings.HasSuffix(name, end) }) {
		for i := strings.IndexByte(name, '_'); i > 0 && i < len(name); i++ {
			if _, ok := t.names[name[:i]]; ok && name[i] == '_' && t.relations[name[:i]] {
				return anywhere, true
			}
		}
	}
	return 0, false
}

// touchesBut is touches without one name.
func (t *taint) touchesBut(text, made string) bool {
	for _, at := range wordRE.FindAllStringIndex(text, -1) {
		name := strings.ToLower(text[at[0]:at[1]])
		kind, ok := t.tainted(name)
		if ok && name != made && (kind == anywhere || strings.HasPrefix(strings.TrimLeft(text[at[1]:], " \n\t\""), "(")) {
			return true
		}
	}
	return false
}

// after notes what a statement has done; pg and us are what the servers said, and
// same that they said the same.
func (t *taint) after(text string, pg, us *outcome, same bool) {
	text = plain(text)
	word := strings.ToLower(wordRE.FindString(text))
	targets := t.targets(text)
	switch word {
	case "begin", "start":
		if pg.ok() && us.ok() && t.block == nil {
			t.block = &block{names: maps.Clone(t.names), written: map[string]bool{}}
		}
		return
	case "rollback", "abort", "commit", "end":
		t.end(text, pg, us)
		return
	}
	both := pg.ok() && us.ok()
	if m := namedRE.FindStringSubmatch(text); m != nil && strings.EqualFold(m[1], "prepare") {
		if w := writeRE.FindStringSubmatch(text); w != nil {
			t.prepared[strings.ToLower(m[2])] = lastPart(w, 1)
		}
	}
	made := t.made(word, text, pg, us)
	switch {
	case both && word == "drop":
		if m := dropRE.FindStringSubmatch(text); m != nil {
			for _, w := range wordRE.FindAllString(m[1], -1) {
				delete(t.names, strings.ToLower(w))
			}
		}
	case both && same && made != "" && !t.touchesBut(text, made):
		delete(t.names, made)
	case pg.ok() != us.ok(), both && len(targets) > 0 && (!same || t.touches(text)):
		maps.Copy(t.names, targets)
	}
	if t.block != nil && both {
		for name := range targets {
			t.block.written[name] = true
		}
	}
}

// made is the name of what a statement makes anew, "" if it makes nothing or may
// have found it there. Relations are remembered.
func (t *taint) made(word, text string, pg, us *outcome) string {
	m := ddlRE.FindStringSubmatch(text)
	if m == nil || word != "create" || !pg.ok() && !us.ok() {
		return ""
	}
	name := lastPart(m, 3)
	switch strings.ToLower(m[2]) {
	case "view":
		below := map[string]objectKind{}
		t.named(text, below)
		delete(below, name)
		t.views[name] = slices.Sorted(maps.Keys(below))
		fallthrough
	case "table", "sequence":
		t.relations[name] = true
	}
	if strings.Contains(strings.ToLower(text), "not exists") {
		return ""
	}
	return name
}

// end ends a transaction block.
func (t *taint) end(text string, pg, us *outcome) {
	if t.block == nil || strings.Contains(strings.ToLower(text), " to ") || strings.Contains(strings.ToLower(text), "prepared") {
		return
	}
	switch {
	case pg.ok() && us.ok() && pg.tag == "ROLLBACK" && us.tag == "ROLLBACK":
		t.names = t.block.names
	case pg.tag != us.tag || pg.ok() != us.ok():
		for name := range t.block.written {
			t.names[name] = anywhere
		}
	}
	t.block = nil
}

// TestTaint follows small scripts; each line says whether PostgreSQL and the
// engine ran it, and at the end what is tainted.
func TestTaint(t *testing.T) {
	for name, c := range map[string]struct {
		script []string
		want   string // tainted words, in the order of the letters
	}{
		"a child taints its parent":       {[]string{"++create table p (a int)", "+-create table c () inherits (p)"}, "c p"},
		"a foreign key taints both":       {[]string{"++create table p (a int)", "+-create table c (a int references p)"}, "c p"},
		"a rule taints what it names":     {[]string{"++create table a (x int)", "++create table b (x int)", "+-create rule r as on update to a do also delete from b"}, "a b r"},
		"a copy of tainted rows":          {[]string{"++create table a (x int)", "+-insert into a values (1)", "++create table b as select * from a"}, "a b"},
		"an insert from tainted rows":     {[]string{"++create table a (x int)", "++create table b (x int)", "+-delete from a", "++insert into b select * from a"}, "a b"},
		"reading taints nothing":          {[]string{"++create table a (x int)", "+-select * from a"}, ""},
		"reading into":                    {[]string{"++create table a (x int)", "+-select * into b from a"}, "b"},
		"dropped on both":                 {[]string{"+-create table a (x point)", "++drop table if exists a, b"}, ""},
		"made anew":                       {[]string{"+-create table a (x point)", "++create table a (x int)"}, ""},
		"kept where it may have existed":  {[]string{"+-create table a (x point)", "++create table if not exists a (x int)"}, "a"},
		"rolled back on both":             {[]string{"++create table a (x int)", "++begin", "+-delete from a", "RRrollback"}, ""},
		"committed on one":                {[]string{"++create table a (x int)", "++begin", "++delete from a", "+-select lo_create(1)", "CRcommit"}, "a"},
		"a column's comment":              {[]string{"+-comment on column s.c is 'x'"}, "s"},
		"a prepared statement's target":   {[]string{"++create table a (x int)", "++prepare q as insert into a values (1)", "+-execute q"}, "a"},
		"a view's writes reach its table": {[]string{"++create table a (x int)", "++create view b as select * from a", "++create view c as select * from b", "+-delete from c"}, "a b c"},
		"a setting":                       {[]string{"+-set session a.b to 1", "+-set local c = 2"}, "c"},
		"a new name":                      {[]string{"++create schema a", "+-alter schema a rename to b"}, "a b"},
		"a function taints what it names": {[]string{"++create table a (x int)", "+-create function f() returns int language sql as 'delete from a'"}, "a f"},
	} {
		tt := newTaint()
		for _, line := range c.script {
			pg, us := said(line[0]), said(line[1])
			tt.after(line[2:], &pg, &us, pg.ok() == us.ok())
		}
		var got []string
		for _, w := range []string{"a", "b", "c", "f", "p", "q", "r", "s"} {
			if _, ok := tt.names[w]; ok {
				got = append(got, w)
			}
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%s: tainted %q, want %q", name, g, c.want)
		}
	}
	tt := newTaint()
	tt.names["f"] = called
	tt.names["a"], tt.relations["a"], tt.views["v"] = anywhere, true, []string{"a"}
	if !tt.touches("select * from v") || !tt.touches("select nextval('a_id_seq')") || tt.touches("select a_id from ab_seq") {
		t.Error("a view and a sequence of a tainted table are touched, and other names that begin like it are not")
	}
	if tt.touches("select f from t") || !tt.touches("select f (1)") {
		t.Error("a function is touched where it is called, a column of its name is not")
	}
}

// said is an outcome from a letter: + ran, - refused, C and R with that tag.
func said(c byte) outcome {
	switch c {
	case '-':
		return outcome{code: "0A000"}
	case 'C':
		return outcome{tag: "COMMIT"}
	case 'R':
		return outcome{tag: "ROLLBACK"}
	}
	return outcome{}
}
