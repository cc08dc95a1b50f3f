package fn

import (
	"sync"

	"htapdb/sql/types"
	"htapdb/vector"
)

// Pseudo-kinds of declared parameters, outside the range of types.Kind.
const (
	// anyKind takes an argument of any type as it is.
	anyKind types.Kind = 200 + iota
	// sameKind arguments are brought to the common type of all of them.
	sameKind
)

// castName is the name of every cast's Scalar.
const castName = "cast"

// overload declares one signature of a scalar function or operator.
type overload struct {
	name string
	// args are the declared parameters; with variadic the last may repeat or be absent.
	args     []types.Kind
	variadic bool
	result   types.Kind
	vol      Volatility
	// nullable functions are called with NULLs (Scalar.Strict is false).
	nullable bool
	// total is Scalar.Total.
	total bool
	// kernel is the implementation, unless bind chooses one.
	kernel Kernel
	// prepare is Scalar.Prepare.
	prepare func(consts []*vector.Vector) (Kernel, error)
	// bound is how long a text that it makes is; nil is what defaultBound says.
	bound *textBound
	// bind completes the Scalar for the actual argument types (result modifiers,
	// kernels by representation). nil: nothing to do.
	bind func(b *binding) error
}

// binding is an overload being completed: Scalar.Args holds the types that the
// arguments will have, Scalar.Result the declared result without modifiers.
type binding struct {
	*Scalar
	// lits holds the arguments that are literals, nil for others (and when only types are known).
	lits []*Literal
}

// overloads assembles the registry once, on first use, from the families' tables.
var overloads = sync.OnceValue(func() map[string][]*overload {
	byName := map[string][]*overload{}
	for _, family := range scalarFamilies {
		for _, o := range family() {
			byName[o.name] = append(byName[o.name], &o)
		}
	}
	return byName
})

// scalarFamilies lists the tables of scalar functions, one a file.
var scalarFamilies = []func() []overload{
	comparisonFunctions,
	booleanFunctions,
	integerFunctions,
	floatFunctions,
	numericFunctions,
	datetimeFunctions,
	intervalFunctions,
	extractFunctions,
	dateFunctions,
	dateParseFunctions,
	timeFormatFunctions,
	numberFormatFunctions,
	sessionFunctions,
	systemFunctions,
	sequenceFunctions,
	settingFunctions,
	arrayTextFunctions,
	textFunctions,
	trimFunctions,
	concatFunctions,
	likeFunctions,
	regexFunctions,
	encodeFunctions,
	mathFunctions,
	roundFunctions,
	chooseFunctions,
	jsonFunctions,
}

// Category is PostgreSQL's pg_type.typcategory.
func Category(k types.Kind) string { return string(rune(category(k))) }

// category is Category as a letter.
func category(k types.Kind) byte {
	switch {
	case k == types.Unknown:
		return 'X'
	case k == types.Bool:
		return 'B'
	case k >= types.Int2 && k <= types.Numeric:
		return 'N'
	case k >= types.Text && k <= types.Char:
		return 'S'
	case k >= types.Date && k <= types.TimestampTZ:
		return 'D'
	case k == types.Interval:
		return 'T'
	}
	return 'U'
}

// isPreferred is pg_type.typispreferred.
func isPreferred(k types.Kind) bool {
	switch k {
	case types.Bool, types.Float8, types.Text, types.TimestampTZ, types.Interval:
		return true
	}
	return false
}

// asText tells kinds that are TEXT in all but name: the conversion does nothing.
func asText(from, to types.Type) bool {
	if to.Kind != types.Text && !(to.Kind == types.Varchar && to.Length == 0) {
		return false
	}
	return from.IsString() || from.Kind == types.JSON || from.Kind == types.JSONB || from.Kind == types.Unknown
}
