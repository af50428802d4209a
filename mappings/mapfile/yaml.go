package mapfile

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a file. The YAML reader takes time that grows with the square of
// the lines and recurses into what is nested, so both end before it starts.
const (
	maxBytes  = 1 << 20
	maxLines  = 10_000
	maxTokens = 200_000
	maxDepth  = 60
	maxIndent = 300
)

// reader turns bytes into nodes and faults.
type reader struct {
	kind   FileKind
	path   string
	text   string   // without byte order mark, lines end with \n
	lines  []string // of text
	faults Faults
	broken bool // the YAML reader understood something else than what is written
}

func (r *reader) fault(pos Pos, format string, args ...any) {
	r.faults = append(r.faults, Fault{File: r.path, Pos: pos, Message: fmt.Sprintf(format, args...)})
}

// read gives the file's top node, nil when there is none; after a fault of
// syntax there is only that fault.
func (r *reader) read(src []byte) *node {
	if !r.bytes(src) {
		return nil
	}
	tokens := lexer.Tokenize(r.text)
	if !r.bounded(tokens) {
		return nil
	}
	file, ok := r.parse(tokens)
	if !ok {
		return nil
	}
	var docs []*ast.DocumentNode
	for _, doc := range file.Docs {
		if doc.Body != nil {
			docs = append(docs, doc)
		}
	}
	if len(docs) == 0 {
		if r.kind.MayBeEmpty {
			return &node{kind: mapNode, pos: Pos{1, 1}}
		}
		r.fault(Pos{1, 1}, "the file is empty")
		return nil
	}
	if len(docs) > 1 {
		second := place(docs[1].Body)
		if docs[1].Start != nil {
			second = tokenPos(docs[1].Start)
		}
		r.fault(second, "a second YAML document begins here; %s holds one, without `---` inside", r.kind.One)
	}
	top := r.convert(docs[0].Body, Pos{1, 1}, 0)
	if r.broken {
		r.faults = r.faults[len(r.faults)-1:]
		return nil
	}
	return top
}

// bytes brings the bytes to the form the YAML reader places correctly: no byte
// order mark, one kind of line end.
func (r *reader) bytes(src []byte) bool {
	text := strings.TrimPrefix(string(src), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	r.text = text
	r.lines = strings.Split(text, "\n")
	if len(text) > maxBytes || len(r.lines) > maxLines {
		r.fault(Pos{1, 1}, "the file is too large: up to %d lines and 1 MiB are read%s", maxLines, r.kind.Long)
		return false
	}
	for i, line := range r.lines {
		if !r.line(line, i+1) {
			return false
		}
	}
	return true
}

// line looks at the characters of one line. A tab that begins a line does no
// harm where the line is otherwise empty or a comment.
func (r *reader) line(line string, number int) bool {
	if strings.HasPrefix(line, "\t") {
		if rest := strings.TrimLeft(line, " \t"); rest != "" && rest[0] != '#' {
			r.fault(Pos{number, 1}, "a tab indents this line; YAML is indented with blanks")
			return false
		}
	}
	if indent := len(line) - len(strings.TrimLeft(line, " ")); indent > maxIndent && indent < len(line) {
		r.fault(Pos{number, indent + 1}, "this line is indented by more than %d blanks", maxIndent)
		return false
	}
	col := 1
	for i, c := range line {
		switch {
		case c == utf8.RuneError && !strings.HasPrefix(line[i:], "\ufffd"):
			r.fault(Pos{number, col}, "the file is no UTF-8 from here on; save it as UTF-8")
			return false
		case (c < ' ' && c != '\t') || c == 0x7f || c == '\ufeff' || c == '\u0085' || c == '\u2028' || c == '\u2029':
			r.fault(Pos{number, col}, "an invisible character (U+%04X) stands here", c)
			return false
		}
		col++
	}
	return true
}

// bounded refuses what would keep the YAML reader busy for long.
func (r *reader) bounded(tokens token.Tokens) bool {
	depth, line, marks := 0, 0, 0
	for i, t := range tokens {
		if t.Position.Line != line {
			line, marks = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth = max(0, depth-1)
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.AliasType, token.TagType, token.DirectiveType:
			marks++
		default:
		}
		if depth > maxDepth || marks > maxDepth {
			r.fault(r.within(tokenPos(t)), "this is nested more than %d deep", maxDepth)
			return false
		}
		if i > maxTokens {
			r.fault(r.within(tokenPos(t)), "the file is too large%s", r.kind.Long)
			return false
		}
	}
	return true
}

// parse runs the YAML reader. A panic inside it is a fault of the file: a
// mapping that cannot be read must not end the gateway that serves others.
func (r *reader) parse(tokens token.Tokens) (file *ast.File, ok bool) {
	defer func() {
		if recover() != nil {
			r.fault(Pos{1, 1}, "the YAML reader gave up on this file; look for unusual punctuation and quote it")
			file, ok = nil, false
		}
	}()
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err == nil {
		return file, true
	}
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil {
		r.fault(r.within(tokenPos(syntax.Token)), "%s", syntaxWords(syntax))
	} else {
		r.fault(Pos{1, 1}, "this is no YAML: %v", err)
	}
	return nil, false
}

// syntaxWords says what is wrong with the YAML, for the mistakes that happen
// most in words of mapping files.
func syntaxWords(err *yaml.SyntaxError) string {
	message := strings.TrimSpace(err.Message)
	switch {
	case strings.Contains(message, "reserved character"):
		return "a value may not begin with " + strings.Trim(strings.Fields(message)[0], "'") + "; put it in quotes"
	case strings.Contains(message, "mapping value is not allowed"):
		return "a second colon, or a line that is indented further than the one above; put texts that hold `: ` in quotes"
	case strings.Contains(message, "non-map value is specified"):
		return "a `key: value` is expected here"
	case strings.Contains(message, "',' or ']' must be specified"):
		return "a `,` or `]` is missing before this"
	case strings.Contains(message, "',' or '}' must be specified"):
		return "a `,` or `}` is missing before this"
	case strings.Contains(message, "end token '}' not found"), strings.Contains(message, "flow mapping end token"):
		return "this `{` is never closed"
	case strings.Contains(message, "end token ']' not found"):
		return "this `[` is never closed"
	case strings.Contains(message, "quoted text"):
		return "this quote is never closed"
	case strings.Contains(message, "unknown escape character"):
		return "a backslash inside double quotes begins an escape; put the text in single quotes"
	case strings.Contains(message, "value is not allowed in this context"):
		return "this does not belong to what stands above; look at its indentation, and for a quote above that is not closed"
	case strings.Contains(message, "cannot start any token"):
		return "a tab may not stand here; YAML is laid out with blanks"
	}
	return "this is no YAML: " + message
}

// convert turns a node of the YAML reader into ours. owner is the place to
// name when the node has none of its own.
func (r *reader) convert(from ast.Node, owner Pos, depth int) *node {
	if from == nil {
		return &node{pos: owner}
	}
	pos := r.within(place(from))
	if depth > maxDepth {
		r.fault(pos, "this is nested more than %d deep", maxDepth)
		return &node{pos: pos}
	}
	switch from := from.(type) {
	case *ast.NullNode:
		if from.Token.Type == token.ImplicitNullType || from.Token.Value == "" {
			return &node{pos: owner}
		}
		return &node{pos: pos, text: Text{Value: from.Token.Value, Pos: pos}}
	case *ast.StringNode:
		quoted := from.Token.Type == token.SingleQuoteType || from.Token.Type == token.DoubleQuoteType
		return scalar(from.Value, pos, quoted)
	case *ast.LiteralNode:
		return scalar(from.Value.Value, pos, true)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return scalar(from.GetToken().Value, pos, false)
	case *ast.SequenceNode:
		return r.list(from, pos, depth)
	case *ast.MappingNode:
		return r.mapping(from.Values, pos, from.IsFlowStyle, depth)
	case *ast.MappingValueNode:
		return r.mapping([]*ast.MappingValueNode{from}, pos, from.IsFlowStyle, depth)
	case *ast.AnchorNode:
		r.fault(pos, "anchors (&) are not used in %s; %s", r.kind.Many, r.kind.Shared)
		return r.convert(from.Value, pos, depth+1)
	case *ast.AliasNode:
		r.fault(pos, "aliases (*) are not used in %s; %s", r.kind.Many, r.kind.Shared)
	case *ast.TagNode:
		r.fault(pos, "tags (!) are not used in %s; put the text in quotes", r.kind.Many)
		return r.convert(from.Value, pos, depth+1)
	case *ast.DirectiveNode:
		r.fault(pos, "directives (%%) are not used in %s", r.kind.Many)
	default:
		r.fault(pos, "this form of YAML is not used in %s", r.kind.Many)
	}
	return &node{pos: pos}
}

func scalar(value string, pos Pos, quoted bool) *node {
	return &node{kind: scalarNode, pos: pos, text: Text{Value: value, Pos: pos, Quoted: quoted}}
}

func (r *reader) list(from *ast.SequenceNode, pos Pos, depth int) *node {
	to := &node{kind: listNode, pos: pos}
	for i, value := range from.Values {
		entry := pos
		if i < len(from.Entries) && from.Entries[i] != nil && from.Entries[i].Start != nil {
			entry = r.within(tokenPos(from.Entries[i].Start))
		}
		item := r.convert(value, entry, depth+1)
		if !from.IsFlowStyle && item.pos.Line > entry.Line && item.pos.Col <= entry.Col && !r.broken {
			// What follows at the same column has been taken for the entry.
			defer func() {
				r.fault(entry, "nothing stands behind this `-`")
				r.broken = true
			}()
		}
		to.items = append(to.items, item)
	}
	return to
}

func (r *reader) mapping(values []*ast.MappingValueNode, pos Pos, flow bool, depth int) *node {
	to := &node{kind: mapNode, pos: pos}
	seen := map[string]Pos{}
	for i, value := range values {
		key, ok := r.key(value.Key)
		if i == 0 && !flow {
			to.pos = key.Pos
		}
		item := r.convert(value.Value, key.Pos, depth+1)
		if !ok {
			continue
		}
		if first, again := seen[key.Value]; again {
			r.fault(key.Pos, "%s stands here a second time; the first is at line %d", key.Value, first.Line)
			continue
		}
		seen[key.Value] = key.Pos
		to.pairs = append(to.pairs, pair{key: key, value: item})
	}
	return to
}

func (r *reader) key(from ast.MapKeyNode) (Text, bool) {
	pos := r.within(place(from))
	switch from := from.(type) {
	case *ast.StringNode:
		quoted := from.Token.Type == token.SingleQuoteType || from.Token.Type == token.DoubleQuoteType
		return Text{Value: from.Value, Pos: pos, Quoted: quoted}, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode, *ast.NullNode:
		return Text{Value: from.GetToken().Value, Pos: pos}, true
	case *ast.MergeKeyNode:
		r.fault(pos, "merge keys (<<) are not used in %s; %s", r.kind.Many, r.kind.Merged)
	case *ast.MappingKeyNode:
		r.fault(pos, "keys with `?` are not used in %s", r.kind.Many)
	default:
		r.fault(pos, "a key is a plain word or a text in quotes")
	}
	return Text{Pos: pos}, false
}

// place gives where a node begins, which for a block map is its first key.
func place(n ast.Node) Pos {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return place(n.Values[0])
		}
	case *ast.MappingValueNode:
		if n.Key != nil {
			return place(n.Key)
		}
	case *ast.LiteralNode:
		if n.Start != nil {
			return tokenPos(n.Start)
		}
	}
	return tokenPos(n.GetToken())
}

func tokenPos(t *token.Token) Pos {
	if t == nil || t.Position == nil {
		return Pos{1, 1}
	}
	return Pos{t.Position.Line, t.Position.Column}
}

// within keeps a place inside the file: at its end some places of the YAML
// reader lie a line or a column beyond it.
func (r *reader) within(p Pos) Pos {
	p.Line = min(max(p.Line, 1), len(r.lines))
	p.Col = min(max(p.Col, 1), utf8.RuneCountInString(r.lines[p.Line-1])+1)
	return p
}
