package types

// String returns the SQL name of the kind, without modifiers.
func (k Kind) String() string {
	if k < numKinds {
		return kinds[k].name
	}
	return "invalid"
}

// BaseName returns the SQL name of t without modifiers, as error messages show types.
func (t Type) BaseName() string { return t.Kind.String() }
