package setting

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Values is a table of the values of all settings. It does not change once it is made.
type Values struct {
	slots []slot
	// custom are the dotted names of applications, by lower-case name.
	custom map[string]string
}

// slot is a value as SHOW prints it, and parsed.
type slot struct {
	text  string
	value any
}

// Defaults returns the values that the declarations give.
func Defaults() *Values {
	v := &Values{slots: make([]slot, len(all))}
	for i, s := range all {
		text, value, err := s.read(s.Default)
		if err != nil {
			panic(err) // add has read it
		}
		v.slots[i] = slot{text, value}
	}
	return v
}

// With returns the values with another one for a setting.
func (v *Values) With(s *Setting, text string) (*Values, error) {
	text, value, err := s.read(text)
	if err != nil {
		return nil, err
	}
	out := &Values{slots: slices.Clone(v.slots), custom: v.custom}
	out.slots[s.index] = slot{text, value}
	return out, nil
}

// withSlot returns the values with s as in from.
func (v *Values) withSlot(s *Setting, from *Values) *Values {
	out := &Values{slots: slices.Clone(v.slots), custom: v.custom}
	out.slots[s.index] = from.slots[s.index]
	return out
}

func (v *Values) withCustom(name, text string) *Values {
	out := &Values{slots: v.slots, custom: maps.Clone(v.custom)}
	if out.custom == nil {
		out.custom = map[string]string{}
	}
	out.custom[strings.ToLower(name)] = text
	return out
}

// Vars are a session's settings.
type Vars struct {
	// now holds, session will after the transaction, unless it is rolled back, and
	// start is what RESET goes back to.
	now, session, start *Values
}

// New returns the settings of a session that begins with the defaults.
func New(defaults *Values) Vars { return Vars{defaults, defaults, defaults} }

// Text returns the value of a setting as SHOW prints it.
func (v *Vars) Text(s *Setting) string {
	if s.shown != nil {
		return s.shown()
	}
	return v.now.slots[s.index].text
}

// Custom returns the value of an application's own name.
func (v *Vars) Custom(name string) (string, bool) {
	text, ok := v.now.custom[strings.ToLower(name)]
	return text, ok
}

// Set changes a setting for the session, or until the transaction ends.
func (v *Vars) Set(s *Setting, text string, local bool) error {
	if s.complete != nil {
		text = s.complete(v.now.slots[s.index].value, text)
	}
	now, err := v.now.With(s, text)
	if err != nil {
		return err
	}
	v.change(s, now, local)
	return nil
}

// SetDefault takes a setting back to what it was when the session began.
func (v *Vars) SetDefault(s *Setting, local bool) {
	v.change(s, v.now.withSlot(s, v.start), local)
}

// change makes now hold; it differs from what held in s.
func (v *Vars) change(s *Setting, now *Values, local bool) {
	same := v.now == v.session
	v.now = now
	switch {
	case local:
	case same:
		v.session = now
	default:
		v.session = v.session.withSlot(s, now)
	}
}

var customName = regexp.MustCompile(`^[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*(\.[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*)+$`)

// IsCustomName reports whether an application may have a setting of the name:
// identifiers with dots between them.
func IsCustomName(name string) bool { return customName.MatchString(name) }

// SetCustom changes a name of an application; a text, which nothing reads but
// SHOW and current_setting.
func (v *Vars) SetCustom(name, text string, local bool) {
	same := v.now == v.session
	v.now = v.now.withCustom(name, text)
	switch {
	case local:
	case same:
		v.session = v.now
	default:
		v.session = v.session.withCustom(name, text)
	}
}

// SetCustomDefault takes a name of an application back to what it was when the
// session began, the empty text if there was none.
func (v *Vars) SetCustomDefault(name string, local bool) {
	v.SetCustom(name, v.start.custom[strings.ToLower(name)], local)
}

// SetAllDefault takes every setting back to what it was when the session began.
func (v *Vars) SetAllDefault() { v.now, v.session = v.start, v.start }

// Begin makes the values of the session the ones that it began with.
func (v *Vars) Begin() { v.start = v.session }

// Start returns what a setting goes back to, as SHOW prints it.
func (v *Vars) Start(s *Setting) string { return v.start.slots[s.index].text }

// Source is where the value of a setting comes from, in the words of pg_settings.
func (v *Vars) Source(s *Setting) string {
	switch start := v.Start(s); {
	case s.Scope != Session || v.now.slots[s.index].text == s.Default && start == s.Default:
		return "default"
	case v.now.slots[s.index].text == start:
		return "client"
	}
	return "session"
}

// Mark is the settings at a moment, to go back to.
type Mark struct{ now, session *Values }

// Mark returns the settings as they are.
func (v *Vars) Mark() Mark { return Mark{v.now, v.session} }

// Rollback goes back to a mark.
func (v *Vars) Rollback(m Mark) { v.now, v.session = m.now, m.session }

// Commit ends what was set for the transaction only.
func (v *Vars) Commit() { v.now = v.session }

// Changed calls f for each setting that is reported to clients and whose value
// differs from that at the mark.
func (v *Vars) Changed(since Mark, f func(s *Setting, text string)) {
	if v.now == since.now {
		return
	}
	for i, s := range all {
		if s.Report && v.now.slots[i].text != since.now.slots[i].text {
			f(s, v.now.slots[i].text)
		}
	}
}
