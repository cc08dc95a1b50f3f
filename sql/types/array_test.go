package types

import "testing"

func TestParseArray(t *testing.T) {
	for text, want := range map[string][]ArrayElement{
		`{}`:                 nil,
		`{1,2}`:              {{Text: "1"}, {Text: "2"}},
		`{a, "b c" ,NULL}`:   {{Text: "a"}, {Text: "b c"}, {Text: "NULL", Null: true}},
		`{"NULL","x\"y\\z"}`: {{Text: "NULL"}, {Text: `x"y\z`}},
		`{"",","}`:           {{Text: ""}, {Text: ","}},
		`1 2`:                {{Text: "1"}, {Text: "2"}},
		``:                   nil,
	} {
		got, err := ParseArray(text)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%s: %v, %v", text, got, err)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: element %d is %v, want %v", text, i, got[i], want[i])
			}
		}
	}
	for _, bad := range []string{`{`, `{1`, `{1,}`, `{,1}`, `{"a}`, `{"a"b}`, `{{1}}`} {
		if got, err := ParseArray(bad); err == nil {
			t.Errorf("%s is read as %v", bad, got)
		}
	}
}

func TestQuoteArrayElement(t *testing.T) {
	for _, s := range []string{"a", "", "null", `"`, `\`, "a,b", "{}", "a b", "é"} {
		got, err := ParseArray("{" + QuoteArrayElement(s) + "}")
		if err != nil || len(got) != 1 || got[0].Text != s || got[0].Null {
			t.Errorf("%q comes back as %v, %v", s, got, err)
		}
	}
}
