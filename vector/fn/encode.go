package fn

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"htapdb/sql/sqlstate"
	"htapdb/sql/types"
	"htapdb/vector"
)

// encodeFunctions quote, encode and digest.
func encodeFunctions() []overload {
	const txt, bin = types.Text, types.Bytea
	one := func(k types.Kind) []types.Kind { return []types.Kind{k} }
	md5Hex := map1(func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) })
	return []overload{
		{name: "md5", args: one(txt), result: txt, total: true, bound: noBound, kernel: md5Hex},
		{name: "md5", args: one(bin), result: txt, total: true, bound: noBound, kernel: md5Hex},
		{name: "sha224", args: one(bin), result: bin, bound: noBound, kernel: map1(func(s string) string { sum := sha256.Sum224([]byte(s)); return string(sum[:]) })},
		{name: "sha256", args: one(bin), result: bin, bound: noBound, kernel: map1(func(s string) string { sum := sha256.Sum256([]byte(s)); return string(sum[:]) })},
		{name: "sha384", args: one(bin), result: bin, bound: noBound, kernel: map1(func(s string) string { sum := sha512.Sum384([]byte(s)); return string(sum[:]) })},
		{name: "sha512", args: one(bin), result: bin, bound: noBound, kernel: map1(func(s string) string { sum := sha512.Sum512([]byte(s)); return string(sum[:]) })},
		{name: "encode", args: []types.Kind{bin, txt}, result: txt, bound: timesBytes(4), kernel: try2(encode)},
		{name: "decode", args: []types.Kind{txt, txt}, result: bin, kernel: try2(decode)},
		{name: "convert_to", args: []types.Kind{txt, txt}, result: bin, kernel: try2(utf8Only)},
		{name: "convert_from", args: []types.Kind{bin, txt}, result: txt, kernel: try2(utf8Only)},
		{name: "quote_ident", args: one(txt), result: txt, bound: timesBytes(2), kernel: map1(quoteIdent)},
		{name: "quote_literal", args: one(txt), result: txt, bound: timesBytes(2), kernel: map1(quoteLiteral)},
		{name: "quote_nullable", args: one(txt), result: txt, nullable: true, bound: timesBytes(2), kernel: func(_ *Context, args []*vector.Vector, sel []int32, n int, out *vector.Vector) error {
			return eachRow(sel, n, func(i int) error {
				out.Str[i] = "NULL"
				if !args[0].IsNull(i) {
					out.Str[i] = quoteLiteral(text(args[0], i))
				}
				return nil
			})
		}},
		{name: "to_hex", args: one(types.Int4), result: txt, kernel: map1(func(v int32) string { return strconv.FormatUint(uint64(uint32(v)), 16) })},
		{name: "to_hex", args: one(types.Int8), result: txt, kernel: map1(func(v int64) string { return strconv.FormatUint(uint64(v), 16) })},
		{name: "hashtext", args: one(txt), result: types.Int4, kernel: map1(func(s string) int32 {
			sum := md5.Sum([]byte(s)) // stable between versions, unlike the engine's own hash
			return int32(uint32(sum[0]) | uint32(sum[1])<<8 | uint32(sum[2])<<16 | uint32(sum[3])<<24)
		})},
	}
}

func badEncoding(name string) error {
	return sqlstate.New(sqlstate.InvalidParameterValue, "unrecognized encoding: \"%s\"", name)
}

// utf8Only converts between text and its bytes in UTF-8, the only encoding here.
func utf8Only(s, name string) (string, error) {
	switch strings.ToLower(strings.ReplaceAll(name, "-", "")) {
	case "utf8", "unicode":
		if strings.ToValidUTF8(s, "") != s {
			return "", sqlstate.New(sqlstate.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
		}
		return s, nil
	}
	return "", sqlstate.New(sqlstate.FeatureNotSupported, "encoding \"%s\" is not supported", name)
}

// base64Line is where encode breaks lines (RFC 2045).
const base64Line = 76

func encode(s, format string) (string, error) {
	switch strings.ToLower(format) {
	case "hex":
		return hex.EncodeToString([]byte(s)), nil
	case "base64":
		e := base64.StdEncoding.EncodeToString([]byte(s))
		var b strings.Builder
		for len(e) > base64Line {
			b.WriteString(e[:base64Line])
			b.WriteByte('\n')
			e = e[base64Line:]
		}
		b.WriteString(e)
		return b.String(), nil
	case "escape":
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			switch c := s[i]; {
			case c == 0 || c >= 0x80:
				b.WriteByte('\\')
				b.WriteByte('0' + c>>6)
				b.WriteByte('0' + c>>3&7)
				b.WriteByte('0' + c&7)
			case c == '\\':
				b.WriteString(`\\`)
			default:
				b.WriteByte(c)
			}
		}
		return b.String(), nil
	}
	return "", badEncoding(format)
}

func decode(s, format string) (string, error) {
	switch strings.ToLower(format) {
	case "hex":
		return types.ParseBytea(`\x` + s)
	case "base64":
		s = strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \t\r\n", r) {
				return -1
			}
			return r
		}, s)
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return "", sqlstate.New(sqlstate.InvalidParameterValue, "invalid base64 end sequence").
				WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
		}
		return string(b), nil
	case "escape":
		if strings.HasPrefix(s, `\x`) {
			return "", sqlstate.New(sqlstate.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
		return types.ParseBytea(s)
	}
	return "", badEncoding(format)
}
