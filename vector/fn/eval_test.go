package fn

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
)

// TestFunctions runs testdata/*.txt: a line is `expression => result`, where an
// expression is a literal ('text'::type, a number, true, null) or name(args …), and the
// result the value's text, NULL, its type after ::, or ERROR sqlstate message.
func TestFunctions(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		// Blanks at the ends of results count.
		for k, line := range strings.Split(string(text), "\n") {
			if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
				continue
			}
			src, want, ok := strings.Cut(line, " => ")
			if !ok {
				t.Fatalf("%s:%d: no =>", f, k+1)
			}
			if got := runLine(strings.TrimSpace(src)); !matches(got, want) {
				t.Errorf("%s:%d: %s\n got %s\nwant %s", f, k+1, src, got, want)
			}
		}
	}
}

// matches ignores the type if want does not name one.
func matches(got, want string) bool {
	if got == want {
		return true
	}
	i := strings.LastIndex(got, "::")
	return i >= 0 && got[:i] == want
}

var testContext = &Context{ZoneName: "America/New_York", NowMicros: 1_000_000_000_000_000, Vars: map[string]string{"current_user": "alice"}}

func runLine(src string) string {
	p := &exprParser{in: src}
	e, err := p.expr()
	if err == nil && strings.TrimSpace(p.in) != "" {
		err = fmt.Errorf("trailing %q", p.in)
	}
	var d types.Datum
	if err == nil {
		if e, err = Fold(e, testContext); err == nil {
			d, err = EvalScalar(testContext, e)
		}
	}
	if err != nil {
		var se *sqlstate.Error
		if errors.As(err, &se) {
			return "ERROR " + string(se.Code) + " " + se.Message
		}
		return "TEST " + err.Error()
	}
	suffix := "::" + e.Type().String()
	if d.IsNull() {
		return "NULL" + suffix
	}
	loc, _ := types.Zone(testContext.ZoneName)
	return types.Format(d, e.Type(), loc) + suffix
}

// exprParser reads the small language of testdata.
type exprParser struct{ in string }

func (p *exprParser) expr() (Expr, error) {
	e, err := p.primary()
	for err == nil && strings.HasPrefix(p.in, "::") {
		p.in = p.in[2:]
		var t types.Type
		if t, err = p.typ(); err == nil {
			e, err = NewCast(e, t, ExplicitCast)
		}
	}
	return e, err
}

func (p *exprParser) primary() (Expr, error) {
	p.in = strings.TrimLeft(p.in, " ")
	switch {
	case strings.HasPrefix(p.in, "'"):
		var b strings.Builder
		in := p.in[1:]
		for {
			i := strings.IndexByte(in, '\'')
			if i < 0 {
				return nil, fmt.Errorf("unterminated %s", p.in)
			}
			b.WriteString(in[:i])
			in = in[i+1:]
			if !strings.HasPrefix(in, "'") {
				break
			}
			b.WriteByte('\'')
			in = in[1:]
		}
		p.in = in
		return &Literal{Value: types.NewString(b.String()), Typ: types.TUnknown}, nil
	case p.in != "" && (p.in[0] >= '0' && p.in[0] <= '9' || p.in[0] == '-' && len(p.in) > 1 && p.in[1] >= '0' && p.in[1] <= '9'):
		i := 1
		for i < len(p.in) && (strings.IndexByte("0123456789.eE", p.in[i]) >= 0 || p.in[i] == '-' && p.in[i-1] == 'e') {
			i++
		}
		l, err := NumberLiteral(p.in[:i])
		p.in = p.in[i:]
		return l, err
	}
	name := ""
	if strings.HasPrefix(p.in, "`") {
		end := strings.IndexByte(p.in[1:], '`') + 1
		name, p.in = p.in[1:end], p.in[end+1:]
	} else {
		i := 0
		for i < len(p.in) && (isLetterOrDigit(p.in[i]) || p.in[i] == '_') {
			i++
		}
		name, p.in = p.in[:i], p.in[i:]
	}
	switch name {
	case "null":
		return &Literal{Typ: types.TUnknown}, nil
	case "true", "false":
		return BoolLiteral(name == "true"), nil
	}
	if !strings.HasPrefix(p.in, "(") {
		return nil, fmt.Errorf("unexpected %q after %q", p.in, name)
	}
	p.in = p.in[1:]
	var args []Expr
	for !strings.HasPrefix(strings.TrimLeft(p.in, " "), ")") {
		a, err := p.expr()
		if err != nil {
			return nil, err
		}
		args = append(args, a)
		p.in = strings.TrimPrefix(strings.TrimLeft(p.in, " "), ",")
	}
	p.in = strings.TrimLeft(p.in, " ")[1:]
	return NewCall(name, args...)
}

var typeNames = map[string]types.Type{
	"bool": types.TBool, "int2": types.TInt2, "int4": types.TInt4, "int8": types.TInt8, "float4": types.TFloat4, "float8": types.TFloat8,
	"text": types.TText, "bytea": types.TBytea, "date": types.TDate, "time": types.TTime, "timestamp": types.TTimestamp,
	"timestamptz": types.TTimestampTZ, "interval": types.TInterval, "uuid": types.TUUID, "json": types.TJSON, "jsonb": types.TJSONB,
	"varchar": {Kind: types.Varchar}, "char": {Kind: types.Char}, "numeric": types.Base(types.Numeric),
}

func (p *exprParser) typ() (types.Type, error) {
	i := 0
	for i < len(p.in) && isLetterOrDigit(p.in[i]) {
		i++
	}
	t, ok := typeNames[p.in[:i]]
	if !ok {
		return t, fmt.Errorf("no type %q", p.in[:i])
	}
	p.in = p.in[i:]
	if strings.HasPrefix(p.in, "(") {
		end := strings.IndexByte(p.in, ')')
		var a, b int
		n, _ := fmt.Sscanf(p.in[1:end], "%d,%d", &a, &b)
		p.in = p.in[end+1:]
		if t.Kind == types.Numeric {
			return types.TNumeric(a, b), nil
		}
		if n > 0 {
			t.Length = int32(a)
		}
	}
	return t, nil
}
