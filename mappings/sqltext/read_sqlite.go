package sqltext

import (
	"errors"

	"github.com/sqlc-dev/meyer/ast"
	"github.com/sqlc-dev/meyer/parser"
)

func readSQLite(text string, statement bool) (*Reading, *Fault) {
	r := &Reading{Reads: true}
	if !statement {
		expression, err := parser.ParseExpr(text)
		if err != nil {
			return nil, unread(text, sqliteOffset(text, err))
		}
		ast.Walk(expression, r.sqlite)
		return r, nil
	}
	statements, err := parser.ParseString(text)
	if err != nil {
		return nil, unread(text, sqliteOffset(text, err))
	}
	r.Reads = len(statements) == 1
	for _, s := range statements {
		if _, selects := s.(*ast.SelectStmt); !selects {
			r.Reads = false
		}
		ast.Walk(s, r.sqlite)
	}
	return r, nil
}

// sqliteOffset is where the parser stopped; a text that ends too early has no
// other place than its end.
func sqliteOffset(text string, err error) int {
	var at *parser.Error
	if errors.As(err, &at) && at.Offset >= 0 {
		return at.Offset
	}
	return len(text)
}

func (r *Reading) sqlite(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.QualifiedRef:
		if len(n.Parts) == 2 {
			r.Columns = append(r.Columns, Column{Qualifier: n.Parts[0].Name, Name: n.Parts[1].Name, Offset: n.Pos()})
		}
	case *ast.TableRef:
		if n.Alias != nil {
			r.Sources = append(r.Sources, n.Alias.Name)
		} else if n.Name != nil {
			r.Sources = append(r.Sources, n.Name.Name.Name)
		}
	case *ast.CTE:
		r.Sources = append(r.Sources, n.Name.Name)
	}
	return true
}
