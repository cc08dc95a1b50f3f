package parser

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// typeWords are the keywords that begin a type with syntax of its own, or that
// are types and not function names: before a string they make a constant.
var typeWords = wordSet(`
bigint bit boolean char character dec decimal double float int integer interval
json national nchar numeric real smallint time timestamp varchar`)

// typedLiteral parses a type with syntax of its own before a string constant.
// It returns nil, and stays where it was, when the word is no such thing: all
// these words may be columns or functions too.
func (p *parser) typedLiteral() Expr {
	t := p.tok()
	if next := p.ahead(1); next.kind == tokInteger && t.isWord("interval") {
		return p.bareInterval()
	}
	if !p.typedLiteralAhead(t) {
		return nil
	}
	var typ *TypeName
	if t.text == "interval" {
		p.next()
		typ = &TypeName{Loc: t.loc(), Name: "interval"}
		p.typeArgs(typ)
	} else {
		typ = p.scalarType()
	}
	n := &TypedLit{Loc: t.loc(), Type: typ}
	if p.tok().kind != tokString {
		p.unexpected()
		return n
	}
	n.Value = p.next().text
	if typ.Name == "interval" {
		p.intervalFields(typ)
	}
	return n
}

// typedLiteralAhead reports whether the type that begins with the word t has a
// string constant behind it.
func (p *parser) typedLiteralAhead(t token) bool {
	i := 1
	if t.text == "national" && (p.ahead(i).isWord("character") || p.ahead(i).isWord("char")) {
		i++
	}
	if t.text == "double" && p.ahead(i).isWord("precision") || p.ahead(i).isWord("varying") {
		i++
	}
	if p.ahead(i).isPunct("(") {
		// Numbers, with signs and commas: a few, or it is a call.
		for end := i + maxTypeArgs; !p.ahead(i).isPunct(")"); i++ {
			if k := p.ahead(i).kind; i > end || k != tokInteger && k != tokPunct && k != tokOp {
				return false
			}
		}
		i++
	}
	if (t.text == "time" || t.text == "timestamp") && (p.ahead(i).isWord("with") || p.ahead(i).isWord("without")) {
		if !p.ahead(i+1).isWord("time") || !p.ahead(i+2).isWord("zone") {
			return false
		}
		i += 3
	}
	return p.ahead(i).kind == tokString
}

// maxTypeArgs is how many tokens the parentheses of a type may have.
const maxTypeArgs = 16

// bareInterval parses INTERVAL n unit, where the unit may be in the plural: the
// same as INTERVAL 'n' unit.
func (p *parser) bareInterval() Expr {
	unit := strings.TrimSuffix(p.ahead(2).text, "s")
	if p.ahead(2).kind != tokWord || !slices.Contains(intervalUnits[:], unit) {
		return nil
	}
	t := p.next()
	value := p.next().text
	p.next()
	return &TypedLit{Loc: t.loc(), Type: &TypeName{Loc: t.loc(), Name: "interval", Fields: unit}, Value: value}
}

// typeName parses a type with its array bounds.
func (p *parser) typeName() *TypeName {
	if t := p.tok(); t.isWord("setof") {
		p.unsupported(t, "SETOF")
	}
	typ := p.scalarType()
	if p.accept("array") {
		typ.Dims = []int{-1}
		if p.acceptPunct("[") {
			typ.Dims[0] = p.typeInt()
			p.expectPunct("]")
		}
		return typ
	}
	for p.acceptPunct("[") {
		dim := -1
		if !p.atPunct("]") {
			dim = p.typeInt()
		}
		typ.Dims = append(typ.Dims, dim)
		p.expectPunct("]")
	}
	return typ
}

// scalarType parses a type without array bounds.
func (p *parser) scalarType() *TypeName {
	t := p.tok()
	typ := &TypeName{Loc: t.loc()}
	if t.kind != tokWord {
		p.namedType(typ)
		return typ
	}
	switch t.text {
	case "double":
		p.next()
		typ.Name = "double"
		if p.accept("precision") {
			typ.Name = "double precision"
		}
	case "national":
		p.next()
		if !p.at("character") && !p.at("char") {
			p.unexpected()
		}
		p.characterType(typ)
	case "character", "char", "nchar":
		p.characterType(typ)
	case "bit":
		p.next()
		typ.Name = "bit"
		if p.accept("varying") {
			typ.Name = "bit varying"
		}
		p.typeArgs(typ)
	case "time", "timestamp":
		p.timeType(typ, t.text)
	case "interval":
		p.next()
		typ.Name = "interval"
		p.typeArgs(typ)
		p.intervalFields(typ)
	default:
		p.namedType(typ)
	}
	return typ
}

// characterType parses CHAR[ACTER] [VARYING] [(n)].
func (p *parser) characterType(typ *TypeName) {
	p.next()
	typ.Name = "character"
	if p.accept("varying") {
		typ.Name = "character varying"
	}
	p.typeArgs(typ)
}

// timeType parses TIME or TIMESTAMP [(p)] [{WITH|WITHOUT} TIME ZONE].
func (p *parser) timeType(typ *TypeName, name string) {
	p.next()
	typ.Name = name
	p.typeArgs(typ)
	switch {
	case p.accept("with", "time", "zone"):
		typ.Name += " with time zone"
	case p.accept("without", "time", "zone"):
	}
}

// namedType parses [schema.]name [(args)].
func (p *parser) namedType(typ *TypeName) {
	t := p.tok()
	if !t.isName() && t.category() != typeFuncName {
		p.unexpected()
		return
	}
	name := p.objectNameFrom(t.loc(), p.next().text)
	typ.Catalog, typ.Schema, typ.Name = name.Catalog, name.Schema, name.Name
	p.typeArgs(typ)
}

// typeArgs parses (n, …) if it is there.
func (p *parser) typeArgs(typ *TypeName) {
	if !p.acceptPunct("(") {
		return
	}
	typ.Args = []int{p.typeInt()}
	for p.acceptPunct(",") {
		typ.Args = append(typ.Args, p.typeInt())
	}
	p.expectPunct(")")
}

// typeInt parses an integer with an optional minus.
func (p *parser) typeInt() int {
	sign := 1
	if p.acceptOp("-") {
		sign = -1
	}
	t := p.tok()
	if t.kind != tokInteger {
		p.unexpected()
		return 0
	}
	p.next()
	n, err := parseInt(t.text)
	if err != nil || n > math.MaxInt32 {
		p.syntaxError(t, "the type modifier %s is out of range", t.text)
	}
	return sign * int(n)
}

// parseInt reads the text of an integer token. A leading zero alone does not
// make it octal.
func parseInt(text string) (int64, error) {
	if len(text) > 1 && text[0] == '0' && !isDigit(text[1]) {
		return strconv.ParseInt(text, 0, 64)
	}
	return strconv.ParseInt(text, 10, 64)
}

// intervalUnits are the fields of an interval, the largest first.
var intervalUnits = [...]string{"year", "month", "day", "hour", "minute", "second"}

// intervalFields parses YEAR TO MONTH and its like, if they are there.
func (p *parser) intervalFields(typ *TypeName) {
	from := p.intervalUnit()
	if from < 0 {
		return
	}
	typ.Fields = intervalUnits[from]
	last := from
	// Years and months do not mix with the smaller units.
	if t := p.tok(); from != 1 && from != 5 && p.accept("to") {
		last = p.intervalUnit()
		if last <= from || from == 0 && last != 1 {
			p.syntaxError(t, "syntax error at or near \"TO\"").
				WithHint("The interval fields are YEAR TO MONTH, and DAY, HOUR or MINUTE TO a smaller one.")
			return
		}
		typ.Fields += " to " + intervalUnits[last]
	}
	if last == 5 && p.acceptPunct("(") {
		typ.Args = []int{p.typeInt()}
		p.expectPunct(")")
	}
}

// intervalUnit parses a field of an interval and returns its index, or -1.
func (p *parser) intervalUnit() int {
	for i, unit := range intervalUnits {
		if p.accept(unit) {
			return i
		}
	}
	return -1
}
