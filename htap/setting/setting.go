package setting

import (
	"strconv"
	"strings"
	"time"

	"htapdb/sql/sqlstate"
)

// Setting is one variable of SET and SHOW.
type Setting struct {
	// Name is as SHOW ALL spells it; names are looked up in any case.
	Name string
	// Default is the value that SHOW prints when nothing has set another.
	Default string
	// About says in one line what it is for.
	About string
	// Type and Unit are the columns vartype and unit of pg_settings.
	Type, Unit string
	// Report has PostgreSQL clients told of changes.
	Report bool
	// Scope is who may change it.
	Scope Scope
	// Why is the reason for which a setting of PostgreSQL has no effect here, "" for
	// one that has a reader.
	Why string
	// Only are the values taken of such a setting, nil for all of its type.
	Only []string
	// List settings are given as several words, or one text with commas; the words
	// of Names are identifiers, quoted in the text where they have to be.
	List, Names bool

	index int
	parse reader
	shown func() string
	// complete adds to a value what it leaves as it was.
	complete func(old any, text string) string
}

// Scope is who may change a setting.
type Scope int

// The scopes.
const (
	Session     Scope = iota // SET, for the session or the transaction
	Transaction              // SET, for the transaction in progress only
	Start                    // an option of the database when it is opened
	Fixed                    // nobody
)

// String is the context of pg_settings.
func (s Scope) String() string {
	switch s {
	case Start:
		return "postmaster"
	case Fixed:
		return "internal"
	}
	return "user"
}

// reader normalizes a text and gives its value, or says what would be valid.
// The error of a value that is refused by name is final, a wrong one is reported
// as 22023 with the hint.
type reader func(text string) (normal string, value any, hint string, err error)

// Parse normalizes a value of the setting, or refuses it.
func (s *Setting) Parse(text string) (normal string, err error) {
	normal, _, err = s.read(text)
	return normal, err
}

// InUnit is a value of the setting as pg_settings shows it: the number of its
// unit, without the unit.
func (s *Setting) InUnit(text string) string {
	if _, value, err := s.read(text); err == nil {
		if d, ok := value.(time.Duration); ok && s.Unit == "ms" {
			return strconv.FormatInt(d.Milliseconds(), 10)
		}
	}
	return text
}

func (s *Setting) read(text string) (normal string, value any, err error) {
	normal, value, hint, err := s.parse(text)
	if err != nil {
		return "", nil, err
	}
	if hint != "" {
		e := sqlstate.New(sqlstate.InvalidParameterValue, "invalid value for parameter %q: %q", s.Name, text)
		return "", nil, e.WithHint("%s", hint)
	}
	if s.Only != nil && !contains(s.Only, normal) {
		return "", nil, sqlstate.New(sqlstate.FeatureNotSupported, "the value %q of parameter %q is not supported", text, s.Name).
			WithHint("It can be %s.", strings.Join(s.Only, ", "))
	}
	return normal, value, nil
}

func contains(list []string, text string) bool {
	for _, x := range list {
		if x == text {
			return true
		}
	}
	return false
}

// Writable returns the error of a SET of a setting that sessions cannot change.
func (s *Setting) Writable() error {
	switch s.Scope {
	case Start:
		return sqlstate.New(sqlstate.CantChangeParam, "parameter %q cannot be changed without restarting the server", s.Name)
	case Fixed:
		return sqlstate.New(sqlstate.CantChangeParam, "parameter %q cannot be changed", s.Name)
	}
	return nil
}

// Var is a declared setting with values of the type T, and its reader.
type Var[T any] struct{ *Setting }

// Get returns the value that holds now.
func (v Var[T]) Get(vars *Vars) T { return vars.now.slots[v.index].value.(T) }

// all are the settings in the order of their declaration, byName by lower-case
// name. They are complete when the package is initialized.
var (
	all    []*Setting
	byName = map[string]*Setting{}
)

// add declares a setting; a default that does not parse is a programmer's error.
func add(s *Setting) *Setting {
	s.index = len(all)
	if _, _, err := s.read(s.Default); err != nil || byName[strings.ToLower(s.Name)] != nil {
		panic("setting " + s.Name + " is declared wrongly")
	}
	all = append(all, s)
	byName[strings.ToLower(s.Name)] = s
	return s
}

// All returns the settings in the order of their declaration.
func All() []*Setting { return all }

// other names of settings, in SQL's own statements.
var aliases = map[string]string{"time zone": "timezone", "names": "client_encoding"}

// Lookup returns the setting with the name; nil for a dotted name that nobody
// knows, which is stored as text, and 42704 for anything else.
func Lookup(name string) (*Setting, error) {
	key := strings.ToLower(name)
	if a, ok := aliases[key]; ok {
		key = a
	}
	if s := byName[key]; s != nil {
		return s, nil
	}
	ours := strings.HasPrefix(key, "htap.")
	if strings.Contains(name, ".") && !ours {
		return nil, nil
	}
	e := Unknown(name)
	if ours {
		var names []string
		for _, s := range all {
			if strings.HasPrefix(s.Name, "htap.") {
				names = append(names, s.Name)
			}
		}
		return nil, e.WithHint("There are %s.", strings.Join(names, ", "))
	}
	return nil, e
}

// Unknown is the error of a name that is no setting.
func Unknown(name string) *sqlstate.Error {
	return sqlstate.New(sqlstate.UndefinedObject, "unrecognized configuration parameter %q", name)
}
