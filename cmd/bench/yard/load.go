package yard

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// generation names what the generator makes; a database of another one is made
// anew.
const generation = 3

// Load fills the database of the connection with the rows of a size, unless it
// holds just them already; built says whether it had to. The server must take
// LOAD DATA LOCAL (local_infile=ON).
func Load(ctx context.Context, db *sql.DB, s Size, progress func(table string, took time.Duration)) (built bool, err error) {
	mark := fmt.Sprintf("%s %d", s.Name, generation)
	var there string
	if err := db.QueryRowContext(ctx, "select mark from bench_yard").Scan(&there); err == nil && there == mark {
		return false, nil
	}
	// All on one connection: the settings below are a session's.
	conn, err := db.Conn(ctx)
	if err != nil {
		return false, fmt.Errorf("connecting: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for _, statement := range []string{
		"drop table if exists bench_yard", "set session unique_checks = 0", "set session foreign_key_checks = 0",
		"set session sql_mode = 'STRICT_ALL_TABLES'",
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return false, fmt.Errorf("preparing: %w", err)
		}
	}
	for _, t := range tables {
		began := time.Now()
		if err := t.load(ctx, conn, s); err != nil {
			return false, fmt.Errorf("loading %s: %w", t.name, err)
		}
		progress(t.name, time.Since(began))
	}
	for _, statement := range []string{
		"create table bench_yard (mark varchar(40) not null primary key)", "insert into bench_yard values ('" + mark + "')",
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return false, fmt.Errorf("marking: %w", err)
		}
	}
	return true, nil
}

func (t table) load(ctx context.Context, conn *sql.Conn, s Size) error {
	for _, statement := range []string{
		"drop table if exists " + t.name,
		"create table " + t.name + " (" + t.columns + ", " + t.keys + ") engine=InnoDB default charset=utf8mb4 collate=utf8mb4_general_ci",
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("making the table: %w", err)
		}
	}
	from, to := io.Pipe()
	name := "yard-" + t.name
	mysql.RegisterReaderHandler(name, func() io.Reader { return from })
	defer mysql.DeregisterReaderHandler(name)
	go func() {
		out := bufio.NewWriterSize(to, 1<<20)
		t.rows(s, func(values ...any) { writeRow(out, values) })
		_ = to.CloseWithError(out.Flush()) // never fails
	}()
	_, err := conn.ExecContext(ctx, "load data local infile 'Reader::"+name+"' into table "+t.name+" character set utf8mb4")
	// A reader that is left ends the writer.
	_ = from.Close() // never fails
	if err != nil {
		return fmt.Errorf("filling the table: %w", err)
	}
	if _, err := conn.ExecContext(ctx, "analyze table "+t.name); err != nil {
		return fmt.Errorf("analysing the table: %w", err)
	}
	return nil
}

// writeRow writes a line of LOAD DATA's usual form. Errors of the writer stay in
// it until it is flushed; nothing generated needs escaping.
func writeRow(out *bufio.Writer, values []any) {
	for i, v := range values {
		if i > 0 {
			_ = out.WriteByte('\t')
		}
		switch v := v.(type) {
		case nil:
			_, _ = out.WriteString(`\N`)
		case string:
			_, _ = out.WriteString(v)
		case time.Time:
			_, _ = out.WriteString(v.Format(time.DateTime))
		default:
			_, _ = fmt.Fprint(out, v)
		}
	}
	_ = out.WriteByte('\n')
}

// Database gives a DSN with another database in it, which is made when absent.
func Database(ctx context.Context, dsn, name string) (_ string, err error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return "", errors.New("the DSN cannot be read; write user:password@tcp(host:port)/")
	}
	cfg.DBName = ""
	db, err := sql.Open("mysql", cfg.FormatDSN())
	if err != nil {
		return "", fmt.Errorf("opening the server: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "create database if not exists `"+strings.ReplaceAll(name, "`", "")+"`"); err != nil {
		return "", fmt.Errorf("making the database %s: %w", name, err)
	}
	cfg.DBName = name
	return cfg.FormatDSN(), nil
}
