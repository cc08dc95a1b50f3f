package parser

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// keywordCategory says where a keyword may stand as a name.
type keywordCategory uint8

// PostgreSQL's categories of keywords (appendix C of its manual).
const (
	// notKeyword is the category of a word that is not in the table.
	notKeyword keywordCategory = iota
	// unreserved may be any name.
	unreserved
	// colName may be a column or table name, not a function or type.
	colName
	// typeFuncName may be a function or type name, not a column or table.
	typeFuncName
	// reserved may be a name only as a label after AS, or with quotes.
	reserved
)

// keywords has every word that cannot be any name, as in PostgreSQL 17, and
// those of the unreserved words that the grammar looks for often. An
// unreserved word that is missing here behaves the same: being listed saves
// the memory of folding it.
var keywords = makeKeywords()

// keywordText maps a keyword to itself, for sharing the string.
var keywordText = makeKeywordText()

func makeKeywords() map[string]keywordCategory {
	m := make(map[string]keywordCategory, 256)
	lists := [...]string{
		unreserved:   unreservedWords,
		colName:      colNameWords,
		typeFuncName: typeFuncNameWords,
		reserved:     reservedWords,
	}
	for category, words := range lists {
		for w := range strings.FieldsSeq(words) {
			m[w] = keywordCategory(category)
		}
	}
	return m
}

func makeKeywordText() map[string]string {
	m := make(map[string]string, len(keywords))
	for w := range keywords {
		m[w] = w
	}
	return m
}

const unreservedWords = `
abort action add after alter at begin by cascade close commit conflict copy
current date day deallocate declare delete discard drop escape execute explain
extension filter first following groups hour if immutable index insert
isolation key language last level local lock maintain minute month names next
no nothing nowait nulls of option over partition preceding prepare range read
release rename replace reset restrict returns rollback rollup rows
savepoint schema second sequence serializable session set sets show start
storage temporary text transaction truncate type unbounded uncommitted
unlogged update vacuum value varying view within without work write year
zone`

const colNameWords = `
between bigint bit boolean char character coalesce dec decimal exists extract
float greatest grouping inout int integer interval json json_array
json_arrayagg json_exists json_object json_objectagg json_query json_scalar
json_serialize json_table json_value least merge_action national nchar none
normalize nullif numeric out overlay position precision real row setof
smallint substring time timestamp treat trim values varchar xmlattributes
xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
xmlserialize xmltable`

const typeFuncNameWords = `
authorization binary collation concurrently cross current_schema freeze full
ilike inner is isnull join left like natural notnull outer overlaps right
similar tablesample verbose`

const reservedWords = `
all analyse analyze and any array as asc asymmetric both case cast check
collate column constraint create current_catalog current_date current_role
current_time current_timestamp current_user default deferrable desc distinct
do else end except false fetch for foreign from grant group having in
initially intersect into lateral leading limit localtime localtimestamp not
null offset on only or order placing primary references returning select
session_user some symmetric system_user table then to trailing true union
unique user using variadic when where window with`

// asLabelWords cannot be a column label without AS, though their category
// would allow it: after an expression they mean something.
var asLabelWords = wordSet(`
array as char character create day except fetch filter for from grant group
having hour intersect into isnull limit minute month notnull offset on order
over overlaps precision returning second to union varying where window with
within without year`)

func wordSet(words string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// Keywords are the keywords in alphabetical order with the letters of their classes in
// pg_get_keywords(). Unreserved words are those that the grammar looks for often.
func Keywords() iter.Seq2[string, byte] {
	return func(yield func(string, byte) bool) {
		for _, w := range slices.Sorted(maps.Keys(keywords)) {
			if class := keywords[w]; class != notKeyword && !yield(w, " UCTR"[class]) {
				return
			}
		}
	}
}
