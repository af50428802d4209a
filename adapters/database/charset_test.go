package database

import "testing"

func TestCollationOf(t *testing.T) {
	for name, want := range map[string]string{
		"": "exact", "binary": "exact", "utf8mb4_bin": "exact", "latin1_general_cs": "exact", "utf8mb4_0900_as_cs": "exact",
		"latin1_general_ci": "case", "utf8mb4_0900_as_ci": "case", "uca1400_as_ci": "case",
		"utf8mb4_general_ci": "marks", "utf8mb4_0900_ai_ci": "marks", "latin1_swedish_ci": "marks", "utf8mb4_unicode_520_ci": "marks",
	} {
		if got := []string{"exact", "case", "marks"}[collationOf(name)]; got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestHolds(t *testing.T) {
	for charset, texts := range map[string]map[string]bool{
		"latin1": {"Käse €": true, "412": true, "٤١٢": false, "é": true, "ő": false},
		"latin2": {"ő": true, "٤": false},
		"ascii":  {"A": true, "é": false},
		// Sets of more bytes that hold only some characters.
		"utf8mb3": {"Käse €": true, "🚜": false},
		"sjis":    {"重機": true, "é": false},
	} {
		for text, want := range texts {
			if got := Holds(charset)(text); got != want {
				t.Errorf("%s holds %q: got %t, want %t", charset, text, got, want)
			}
		}
	}
	for _, charset := range []string{"", "utf8mb4", "nobody_knows"} {
		if Holds(charset) != nil {
			t.Errorf("%s: texts are told apart", charset)
		}
	}
}
