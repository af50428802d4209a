package sqltext

import (
	"regexp"
	"strconv"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/parser"
)

// asColumn makes a statement of an expression, and holds it together: without
// the brackets a list or an alias would pass.
const asColumn = "select ("

func readMySQL(text string, statement bool) (*Reading, *Fault) {
	whole, before := text, 0
	if !statement {
		whole, before = asColumn+text+")", len(asColumn)
	}
	statements, _, err := parser.New().Parse(whole, "", "")
	if err != nil {
		return nil, unread(text, mysqlOffset(whole, err)-before)
	}
	r := &mysqlReader{before: before}
	r.Reads = len(statements) == 1
	for _, s := range statements {
		switch s.(type) {
		case *ast.SelectStmt, *ast.SetOprStmt:
		default:
			r.Reads = false
		}
		s.Accept(r)
	}
	return &r.Reading, nil
}

var mysqlPlace = regexp.MustCompile(`^line (\d+) column (\d+) near "`)

// mysqlOffset is where the parser stopped: it quotes what follows, up to 2048
// bytes of it, behind the line and the column where the last word it took ends.
func mysqlOffset(whole string, err error) int {
	message := err.Error()
	at := mysqlPlace.FindStringSubmatchIndex(message)
	if at == nil {
		return 0
	}
	rest := message[at[1]:]
	// What follows in the message is not part of the text, so the longest end
	// of the text that it begins with is what was quoted.
	for offset := range whole {
		if end := whole[offset:]; len(rest) > len(end) && rest[:len(end)] == end && rest[len(end)] == '"' {
			return offset
		}
	}
	line, _ := strconv.Atoi(message[at[2]:at[3]])   // digits, by the expression above
	column, _ := strconv.Atoi(message[at[4]:at[5]]) // likewise
	offset := 0
	for i := 0; i < len(whole) && line > 1; i++ {
		if whole[i] == '\n' {
			offset, line = i+1, line-1
		}
	}
	return min(offset+column, len(whole))
}

// mysqlReader collects names while it walks through a syntax tree.
type mysqlReader struct {
	Reading
	before int // bytes before the text
}

// Enter is part of ast.Visitor.
func (r *mysqlReader) Enter(n ast.Node) (ast.Node, bool) {
	switch n := n.(type) {
	case *ast.ColumnNameExpr:
		if n.Name.Table.O != "" && n.Name.Schema.O == "" {
			r.Columns = append(r.Columns, Column{
				Qualifier: n.Name.Table.O, Name: n.Name.Name.O,
				Offset: max(n.OriginTextPosition()-r.before, 0),
			})
		}
	case *ast.TableSource:
		if n.AsName.O != "" {
			r.Sources = append(r.Sources, n.AsName.O)
		} else if table, ok := n.Source.(*ast.TableName); ok {
			r.Sources = append(r.Sources, table.Name.O)
		}
	case *ast.CommonTableExpression:
		r.Sources = append(r.Sources, n.Name.O)
	}
	return n, false
}

// Leave is part of ast.Visitor.
func (r *mysqlReader) Leave(n ast.Node) (ast.Node, bool) { return n, true }
