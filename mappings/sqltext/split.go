package sqltext

// Piece is a stretch of a text: SQL to be sent as it stands, or a name whose
// value is bound in its place.
type Piece struct {
	SQL    string // "" when Name is set
	Name   string // customer, dealer, today or parents, without the sign
	Offset int    // in bytes
}

// Split cuts a text at its names. Put together again, with the sign before
// each name, the pieces are the text. It expects a text in which Check found
// nothing.
func Split(text string, dialect Dialect) []Piece {
	var pieces []Piece
	for _, token := range Tokens(text, dialect) {
		last := len(pieces) - 1
		switch {
		case token.Kind == Param:
			pieces = append(pieces, Piece{Name: token.Text[1:], Offset: token.Offset})
		case last >= 0 && pieces[last].Name == "":
			pieces[last].SQL += token.Text
		default:
			pieces = append(pieces, Piece{SQL: token.Text, Offset: token.Offset})
		}
	}
	return pieces
}

// Call is a function that a text calls.
type Call struct {
	Name   string // as it was written
	Offset int
}

// Calls gives the functions a text calls, in their order: unquoted words right
// before an opening bracket that are no keywords and no types.
func Calls(text string, dialect Dialect) []Call {
	var calls []Call
	tokens := withoutSpace(Tokens(text, dialect))
	for i, token := range tokens {
		called := i+1 < len(tokens) && tokens[i+1].Text == "("
		if token.Kind != Word || !called || keywords[upper(token.Text)] || types[upper(token.Text)] || namesColumns(tokens, i) {
			continue
		}
		calls = append(calls, Call{Name: token.Text, Offset: token.Offset})
	}
	return calls
}

// namesColumns says whether the word at i begins a part of WITH that names its
// columns, as in `with n(a, b) as (select ...)`.
func namesColumns(tokens []Token, i int) bool {
	if i == 0 {
		return false
	}
	switch before := upper(tokens[i-1].Text); before {
	case "WITH", "RECURSIVE", ",":
	default:
		return false
	}
	end := i + 2
	for end < len(tokens) && (tokens[end].Kind == Word || tokens[end].Kind == Name || tokens[end].Text == ",") {
		end++
	}
	return end+2 < len(tokens) && tokens[end].Text == ")" && upper(tokens[end+1].Text) == "AS" && tokens[end+2].Text == "("
}

func withoutSpace(tokens []Token) []Token {
	kept := tokens[:0:0]
	for _, token := range tokens {
		if token.Kind != Space {
			kept = append(kept, token)
		}
	}
	return kept
}
