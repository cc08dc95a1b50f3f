package parser

import "strings"

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

// keywords is PostgreSQL 17's list without its unreserved words that this
// grammar never looks at: for those being listed changes nothing.
var keywords = makeKeywords()

func makeKeywords() map[string]keywordCategory {
	m := make(map[string]keywordCategory, 256)
	for category, words := range map[keywordCategory]string{
		colName:      colNameWords,
		typeFuncName: typeFuncNameWords,
		reserved:     reservedWords,
	} {
		for _, w := range strings.Fields(words) {
			m[w] = category
		}
	}
	return m
}

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
