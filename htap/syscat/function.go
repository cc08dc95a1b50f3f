package syscat

import (
	"strings"

	"htapdb/sql/parser"
	"htapdb/sql/plan"
)

// firstFunction is the first ID of the functions.
const firstFunction = firstID + 0x1000

// functions are the functions of pg_catalog without arguments that are read in FROM.
// They are relations whose names end in "()": none of them is in pg_class.
var functions []relation

func init() {
	functions = []relation{
		systemTable(PgCatalog, "pg_show_all_settings()", settingColumns, settingRows),
		systemTable(PgCatalog, "pg_get_keywords()", `word:text catcode:char catdesc:text`, keywordRows),
	}
}

// lookupFunction finds a function by its name with "()", nil if there is none.
func lookupFunction(name string) *plan.Table {
	for i := range functions {
		if v := &functions[i]; v.name == name {
			t := v.describe(firstFunction + uint32(i))
			t.Name = strings.TrimSuffix(name, "()")
			return t
		}
	}
	return nil
}

// keywordClasses are the descriptions of the classes of keywords.
var keywordClasses = map[byte]string{
	'U': "unreserved", 'C': "unreserved (cannot be function or type name)",
	'T': "reserved (can be function or type name)", 'R': "reserved",
}

func keywordRows(_ *reader, add rowAdder) {
	for word, class := range parser.Keywords() {
		add("word", word, "catcode", string(class), "catdesc", keywordClasses[class])
	}
}
