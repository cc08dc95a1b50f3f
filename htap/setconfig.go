package htap

import (
	"sync"

	"htapdb/htap/setting"
)

// statementSettings implements fn.Settings for one statement. It works on a copy
// of the session's settings, so that workers may read and change it while the
// statement runs under the settings that it began with; apply takes what changed
// over to the session.
type statementSettings struct {
	s *Session

	mu      sync.Mutex
	vars    setting.Vars
	changes []settingChange
}

// settingChange is a call of set_config; value nil is the default.
type settingChange struct {
	name  string
	value *string
	local bool
}

// Get implements fn.Settings.
func (c *statementSettings) Get(name string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	def, err := setting.Lookup(name)
	switch {
	case err != nil:
		return "", false
	case def == nil:
		return c.vars.Custom(name)
	case def.Scope == setting.Transaction:
		return c.s.shown(def), true
	}
	return c.vars.Text(def), true
}

// Set implements fn.Settings.
func (c *statementSettings) Set(name string, value *string, local bool) error {
	def, err := setting.Lookup(name)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case def == nil && value == nil:
		c.vars.SetCustomDefault(name, local)
	case def == nil:
		c.vars.SetCustom(name, *value, local)
	case def.Scope == setting.Transaction && value != nil:
		_, err = def.Parse(*value)
	case def.Scope != setting.Session:
		err = def.Writable()
	case value == nil:
		c.vars.SetDefault(def, local)
	default:
		err = c.vars.Set(def, *value, local)
	}
	if err == nil {
		c.changes = append(c.changes, settingChange{name, value, local})
	}
	return err
}

// apply makes the changes those of the session, in their order.
func (c *statementSettings) apply() error {
	for _, ch := range c.changes {
		if err := c.s.set(ch.name, ch.value, ch.local); err != nil {
			return err
		}
	}
	return nil
}
