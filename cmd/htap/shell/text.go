package shell

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"htapdb/sql/types"
)

// printCSV prints RFC 4180 with a head. NULL is nothing, the empty string is "".
func printCSV(w *bufio.Writer, r Result, _ layout) (int64, error) {
	for i, c := range r.Columns() {
		csvField(w, i, c.Name)
	}
	w.WriteByte('\n')
	n := int64(0)
	for row := r.Next(); row != nil; row = r.Next() {
		n++
		for i, c := range row {
			if c.Null {
				if i > 0 {
					w.WriteByte(',')
				}
				continue
			}
			csvField(w, i, c.Text)
		}
		w.WriteByte('\n')
	}
	return n, r.Err()
}

func csvField(w *bufio.Writer, i int, text string) {
	if i > 0 {
		w.WriteByte(',')
	}
	if text != "" && text != `\.` && !strings.ContainsAny(text, ",\"\r\n") {
		w.WriteString(text)
		return
	}
	w.WriteString(`"` + strings.ReplaceAll(text, `"`, `""`) + `"`)
}

// printJSON prints an array of objects, a row a line.
func printJSON(w *bufio.Writer, r Result, _ layout) (int64, error) {
	keys := jsonKeys(r.Columns())
	n := int64(0)
	w.WriteByte('[')
	for row := r.Next(); row != nil; row = r.Next() {
		if n > 0 {
			w.WriteString(",\n ")
		}
		n++
		w.WriteByte('{')
		for i, c := range row {
			if i > 0 {
				w.WriteByte(',')
			}
			w.WriteString(keys[i])
			jsonValue(w, c, r.Columns()[i].Type)
		}
		w.WriteByte('}')
	}
	w.WriteString("]\n")
	return n, r.Err()
}

// jsonKeys are the quoted names with their colon; a name that occurs again gets a number.
func jsonKeys(cols []Column) []string {
	keys, seen := make([]string, len(cols)), map[string]bool{}
	for i, c := range cols {
		name := c.Name
		for k := 2; seen[name]; k++ {
			name = c.Name + "_" + strconv.Itoa(k)
		}
		seen[name] = true
		keys[i] = jsonString(name) + ":"
	}
	return keys
}

// jsonString quotes text; bytes that are not UTF-8 are replaced.
func jsonString(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return `""` // a string can always be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// jsonValue writes numbers with all their digits, JSON as it is, the rest as text.
func jsonValue(w *bufio.Writer, c Cell, t types.Type) {
	if c.Null {
		w.WriteString("null")
		return
	}
	switch t.Kind {
	case types.Bool:
		w.WriteString(map[bool]string{true: "true", false: "false"}[c.Text == "t"])
		return
	case types.Int2, types.Int4, types.Int8, types.Numeric, types.Float4, types.Float8:
		if f, err := strconv.ParseFloat(c.Text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			w.WriteString(c.Text)
			return
		}
	case types.JSON, types.JSONB:
		var line bytes.Buffer
		if json.Compact(&line, []byte(c.Text)) == nil {
			w.Write(line.Bytes())
			return
		}
	}
	w.WriteString(jsonString(c.Text))
}

// printMarkdown prints a table of GitHub's Markdown.
func printMarkdown(w *bufio.Writer, r Result, _ layout) (int64, error) {
	cols := r.Columns()
	for _, c := range cols {
		fmt.Fprintf(w, "| %s ", markdownText(c.Name))
	}
	w.WriteString("|\n")
	for _, c := range cols {
		if c.right() {
			w.WriteString("| ---: ")
		} else {
			w.WriteString("| --- ")
		}
	}
	w.WriteString("|\n")
	n := int64(0)
	for row := r.Next(); row != nil; row = r.Next() {
		n++
		for _, c := range row {
			text := null
			if !c.Null {
				text = markdownText(c.Text)
			}
			fmt.Fprintf(w, "| %s ", text)
		}
		w.WriteString("|\n")
	}
	return n, r.Err()
}

// markdownText keeps a value within its cell.
func markdownText(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", "<br>").Replace(clean(s))
}
