package dbtest

import (
	"context"
	"database/sql"
	"errors"

	"github.com/go-sql-driver/mysql"
)

func sessionsIn(ctx context.Context, session *sql.Conn, database string) (ids []int64, err error) {
	rows, err := session.QueryContext(ctx, "SELECT id FROM information_schema.processlist WHERE db = ?", database)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func isUnknownThread(err error) bool {
	const noSuchThread = 1094
	var answer *mysql.MySQLError
	return errors.As(err, &answer) && answer.Number == noSuchThread
}
