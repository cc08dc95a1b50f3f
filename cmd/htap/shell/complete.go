package shell

import (
	"context"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"
)

// names are what Tab completes: read from the catalog at the start and again
// after statements that change it.
type names struct {
	tables []string
	// columns by table; all are those of every table.
	columns map[string][]string
	all     []string
	models  []string
	stale   bool
}

// namesTimeout bounds the reading of the catalog, which must not delay a prompt.
const namesTimeout = 2 * time.Second

// ddlWords begin statements after which names are read again.
var ddlWords = []string{"create", "drop", "alter", "rollback", "copy"}

// note marks the names as stale after a statement that may change them.
func (n *names) note(sql string) {
	if word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(sql)), " "); slices.Contains(ddlWords, word) {
		n.stale = true
	}
}

// refreshIfStale reads the names again if a statement may have changed them.
func (n *names) refreshIfStale(ctx context.Context, s *Shell) {
	// Within a transaction a failed look-up would end it.
	if n.stale && s.conn.TxState() == 'I' {
		n.refresh(ctx, s)
	}
}

// refresh reads the names; on an error the old ones stay.
func (n *names) refresh(ctx context.Context, s *Shell) {
	n.stale = false
	ctx, cancel := context.WithTimeout(ctx, namesTimeout)
	defer cancel()
	t, err := s.collect(ctx, `SELECT table_schema, table_name, column_name FROM information_schema.columns`)
	if err != nil {
		return
	}
	n.tables, n.all, n.columns = nil, nil, map[string][]string{}
	for _, r := range t.rows {
		table := r[1].Text
		if schema := r[0].Text; schema != "public" {
			table = schema + "." + table
		} else {
			n.all = append(n.all, r[2].Text)
		}
		if n.columns[table] == nil {
			n.tables = append(n.tables, table)
		}
		n.columns[table] = append(n.columns[table], r[2].Text)
	}
	if m, err := s.collect(ctx, `SELECT name FROM ml.models`); err == nil {
		n.models = nil
		for _, r := range m.rows {
			n.models = append(n.models, r[0].Text)
		}
	}
}

// complete implements liner.WordCompleter: it completes the word before pos.
func (n *names) complete(line string, pos int) (head string, completions []string, tail string) {
	runes := []rune(line)
	start := pos
	for start > 0 && isWord(runes[start-1]) {
		start--
	}
	word := string(runes[start:pos])
	head, tail = string(runes[:start]), string(runes[pos:])
	if strings.HasPrefix(word, `\`) {
		for name := range commands() {
			completions = append(completions, `\`+name)
		}
		return head, matching(word, completions), tail
	}
	return head, n.candidates(head, word), tail
}

// isWord reports the characters of a word that Tab completes.
func isWord(r rune) bool {
	return r == '_' || r == '.' || r == '\\' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// candidates are the words that may stand after head and begin with word.
func (n *names) candidates(head, word string) []string {
	before := strings.Fields(strings.ToLower(strings.ReplaceAll(head, ",", " , ")))
	last := ""
	if len(before) > 0 {
		last = before[len(before)-1]
	}
	if tables := []string{"from", "join", "into", "update", "table", `\d`}; slices.Contains(tables, last) {
		return matching(word, n.tables, n.models)
	}
	if table, _, ok := strings.Cut(word, "."); ok {
		if dotted := n.dotted(table); len(dotted) > 0 {
			return matching(word, dotted)
		}
	}
	if strings.HasSuffix(strings.ToLower(head), "predict('") || strings.HasSuffix(strings.ToLower(head), "predict_proba('") {
		return matching(word, n.models)
	}
	if word == "" {
		return nil // everything would be too much
	}
	return matching(word, n.all, n.tables, keywordsLike(word))
}

// dotted are a table's columns, or a schema's tables, with their prefix.
func (n *names) dotted(prefix string) []string {
	var out []string
	for _, c := range n.columns[prefix] {
		out = append(out, prefix+"."+c)
	}
	for _, t := range n.tables {
		if strings.HasPrefix(t, prefix+".") {
			out = append(out, t)
		}
	}
	return out
}

// matching are the words of the lists that begin with prefix in any case, sorted, each once.
func matching(prefix string, lists ...[]string) []string {
	var out []string
	for _, list := range lists {
		for _, w := range list {
			if len(w) >= len(prefix) && strings.EqualFold(w[:len(prefix)], prefix) {
				out = append(out, w)
			}
		}
	}
	sort.Strings(out)
	return slices.Compact(out)
}

// keywordsLike are the keywords, small or capital as the word begins.
func keywordsLike(word string) []string {
	list := strings.Fields(completedKeywords)
	if word != strings.ToUpper(word) {
		return list
	}
	for i := range list {
		list[i] = strings.ToUpper(list[i])
	}
	return list
}

// completedKeywords are those that are worth a Tab.
const completedKeywords = `add aggregate all alter analyze and any as asc avg begin between bigint boolean both by case cast check
coalesce column commit conflict constraint copy count create cross current_date current_timestamp date deallocate decimal default
delete desc distinct double drop else end except execute exists explain extract false first foreign format from full generate_series
group having htap.batch_size htap.freshness htap.freshness_timeout htap.memory_limit htap.optimizer htap.route htap.simd htap.workers
if ilike in index inner insert integer intersect interval into is isolation join key last lateral left level like limit
linear_regression logistic_regression max min model not nothing null nullif nulls numeric offset on or order outer over parquet
partition precision predict predict_proba prepare primary read references release rename repeatable replace reset returning right
rollback row rows savepoint schema select sequence serializable set show smallint substring sum synchronous_commit table temporary
text then timestamp timestamptz to transaction true truncate union unique update using uuid vacuum values varchar view when where
window with`
