package ml

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"htapdb/sql/sqlstate"
)

// OptionKind is the type of an option's value.
type OptionKind uint8

// The kinds of options.
const (
	NumberOption OptionKind = iota
	IntegerOption
	BoolOption
	ChoiceOption
)

// String returns the type that ml.algorithms shows.
func (k OptionKind) String() string {
	return [...]string{"number", "integer", "boolean", "choice"}[k]
}

// Option declares a pair of WITH (…).
type Option struct {
	Name string
	Kind OptionKind
	// Default is the value without it, as text.
	Default string
	// Min and Max bound numbers, both included.
	Min, Max float64
	// Choices are the values of a ChoiceOption, or words that a number may be instead.
	Choices []string
	// Help is one line.
	Help string
}

// Options are the values of all options of an estimator.
type Options struct {
	numbers map[string]float64
	texts   map[string]string
}

// ParseOptions reads the pairs given for an estimator and adds the defaults. Errors
// (22023) name the option, the value and what is allowed.
func ParseOptions(info *Info, given map[string]string) (Options, error) {
	out := Options{numbers: map[string]float64{}, texts: map[string]string{}}
	names := make([]string, len(info.Options))
	for i := range info.Options {
		names[i] = info.Options[i].Name
	}
	for name := range given {
		if slices.Contains(names, name) {
			continue
		}
		e := sqlstate.New(sqlstate.InvalidParameterValue, "%s has no option %q", info.Name, name)
		if len(names) > 0 {
			e = e.WithHint("Its options are %s.", enumerate(names))
		}
		return out, e
	}
	for i := range info.Options {
		o := &info.Options[i]
		text, ok := given[o.Name]
		if !ok {
			text = o.Default
		}
		if err := o.parse(info.Name, text, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (o *Option) parse(algorithm, text string, out *Options) error {
	refused := sqlstate.New(sqlstate.InvalidParameterValue, "option %s of %s must be %s, not %q", o.Name, algorithm, o.Values(), text)
	switch o.Kind {
	case BoolOption:
		switch strings.ToLower(text) {
		case "true", "on", "1", "yes":
			out.numbers[o.Name] = 1
		case "false", "off", "0", "no":
			out.numbers[o.Name] = 0
		default:
			return refused
		}
		return nil
	case ChoiceOption:
		text = strings.ToLower(text)
		if !slices.Contains(o.Choices, text) {
			return refused
		}
		out.texts[o.Name] = text
		return nil
	}
	if word := strings.ToLower(text); slices.Contains(o.Choices, word) {
		out.numbers[o.Name], out.texts[o.Name] = math.NaN(), word
		return nil
	}
	x, err := strconv.ParseFloat(text, 64)
	whole := o.Kind == NumberOption || x == math.Trunc(x)
	if err != nil || !(x >= o.Min && x <= o.Max) || !whole {
		return refused
	}
	out.numbers[o.Name] = x
	return nil
}

// Values words the values that the option can have.
func (o *Option) Values() string {
	what := "a number"
	switch o.Kind {
	case BoolOption:
		return "true or false"
	case ChoiceOption:
		return list(o.Choices, "or")
	case IntegerOption:
		what = "an integer"
	}
	text := func(x float64) string {
		if x == math.Trunc(x) && math.Abs(x) < 1e16 {
			return strconv.FormatFloat(x, 'f', -1, 64)
		}
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	if o.Max >= math.MaxFloat64 {
		return what + " of at least " + text(o.Min)
	}
	what += " from " + text(o.Min) + " to " + text(o.Max)
	if len(o.Choices) > 0 {
		what += " or " + list(o.Choices, "or")
	}
	return what
}

// Number returns the value of a NumberOption, NaN where it is a word: see Choice.
func (o Options) Number(name string) float64 { return o.numbers[name] }

// Integer returns the value of an IntegerOption.
func (o Options) Integer(name string) int { return int(o.numbers[name]) }

// Bool returns the value of a BoolOption.
func (o Options) Bool(name string) bool { return o.numbers[name] != 0 }

// Choice returns the value of a ChoiceOption, or the word that a number is.
func (o Options) Choice(name string) string { return o.texts[name] }

// enumerate words a list.
func enumerate(names []string) string { return list(names, "and") }

// list words a list with a conjunction before its last item.
func list(names []string, conjunction string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " " + conjunction + " " + names[len(names)-1]
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
