//go:build server

package sqlrms

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/adapters/adaptertest/dbtest"
	"github.com/dealerbridge/dealerbridge/mappings/convert"
	"github.com/dealerbridge/dealerbridge/mappings/plan"
)

// protocols are the two ways values travel, as a DSN asks for them.
var protocols = map[string]string{"Prepared": "", "Interpolated": "?interpolateParams=true"}

func openPool(t *testing.T, dsn string) *pool {
	t.Helper()
	p, err := newPool(&Config{Driver: MySQL, DSN: dsn, StatementTimeout: 3 * time.Second}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// texts runs a statement whose columns are of the given kinds and gives its
// rows as texts, NULL as <nil>.
func texts(t *testing.T, p *pool, kinds []convert.ColumnKind, text string, args ...any) ([][]string, error) {
	t.Helper()
	var read [][]convert.Cell
	err := p.Query(t.Context(), "test", text, args, func() []convert.Cell {
		row := make([]convert.Cell, len(kinds))
		for i, kind := range kinds {
			row[i] = convert.NewCell(kind)
		}
		read = append(read, row)
		return row
	})
	var rows [][]string
	for _, row := range read {
		var values []string
		for i := range row {
			if row[i].IsNull() {
				values = append(values, "<nil>")
				continue
			}
			values = append(values, row[i].String())
		}
		rows = append(rows, values)
	}
	return rows, err
}

func wantTexts(t *testing.T, p *pool, kinds []convert.ColumnKind, want []string, text string, args ...any) {
	t.Helper()
	rows, err := texts(t, p, kinds, text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if diff := cmp.Diff([][]string{want}, rows); diff != "" {
		t.Errorf("%s (-want +got):\n%s", text, diff)
	}
}

func TestSession(t *testing.T) {
	odd := dbtest.Private(t, "--wait-timeout=20")
	odd.ExecAdmin(
		"SET GLOBAL time_zone = '+07:00'",
		"SET GLOBAL sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,NO_ZERO_DATE,STRICT_ALL_TABLES'",
		"SET GLOBAL sql_select_limit = 1", "SET GLOBAL group_concat_max_len = 4", "SET GLOBAL lc_time_names = 'de_DE'",
	)
	odd.Exec(
		"CREATE TABLE yard (id INT PRIMARY KEY, at TIMESTAMP NULL, code CHAR(6))",
		"SET SESSION time_zone = '+00:00'", "INSERT INTO yard VALUES (1, '2026-03-08 08:30:00', 'A'), (2, NULL, 'B')",
	)
	for name, suffix := range protocols {
		t.Run(name, func(t *testing.T) {
			p := openPool(t, odd.DSN()+suffix)

			t.Run("SettingsOfTheServerDoNotMatter", func(t *testing.T) {
				wantTexts(t, p, make([]convert.ColumnKind, 4), []string{"+00:00", "utf8mb4", "utf8mb4", "0"},
					"select @@session.time_zone, @@character_set_client, @@character_set_results, @@sql_auto_is_null")
				wantTexts(t, p, make([]convert.ColumnKind, 5), []string{"it", "0", "2026-03-08 08:30:00", "A", "Sunday"},
					"select \"it\", 'a' || 'b', at, code, dayname(at) from yard where id = ?", 1)
				wantTexts(t, p, make([]convert.ColumnKind, 2), []string{"100,200", "2"},
					"select (select group_concat(id * 100 order by id) from yard), (select count(*) from (select id from yard) as x)")
				rows, err := texts(t, p, make([]convert.ColumnKind, 1), "select id from yard order by id")
				if err != nil || len(rows) != 2 {
					t.Errorf("got %v and %v, want both rows", rows, err)
				}
				if rows, err = texts(t, p, make([]convert.ColumnKind, 1), `select id from yard where code <> ? and 'x\'' = 'x'''`, `\' or 1=1 -- `); err != nil || len(rows) != 2 {
					t.Errorf("got %v and %v, want both rows", rows, err)
				}
			})

			t.Run("NothingCanBeWritten", func(t *testing.T) {
				for _, statement := range []string{
					"insert into yard values (3, null, 'C')", "update yard set code = 'X'", "delete from yard",
					"create table other (id int)", "drop table yard", "truncate table yard", "replace into yard values (1, null, 'X')",
				} {
					_, err := texts(t, p, nil, statement)
					if !errors.Is(err, adapters.ErrUnavailable) || !strings.Contains(err.Error(), "can only be read") {
						t.Errorf("%s: got %v, want a refusal to write", statement, err)
					}
				}
				wantTexts(t, p, make([]convert.ColumnKind, 1), []string{"2"}, "select count(*) from yard where code in ('A', 'B')")
			})

			t.Run("TheServerIsToldTheTimeLimit", func(t *testing.T) {
				const endless = "select count(*) from information_schema.columns a, information_schema.columns b, information_schema.columns c"
				began := time.Now()
				_, err := texts(t, p, make([]convert.ColumnKind, 1), endless)
				if !errors.Is(err, adapters.ErrUnavailable) || !strings.Contains(err.Error(), "time limit exceeded") {
					t.Errorf("got %v, want the time limit", err)
				}
				if took := time.Since(began); took > 20*time.Second {
					t.Errorf("it took %v", took)
				}
				for running := true; running && time.Since(began) < time.Minute; { // it must not go on without us
					rows, err := texts(t, p, make([]convert.ColumnKind, 1), "select 1 from information_schema.processlist where info = ?", endless)
					if err != nil {
						t.Fatal(err)
					}
					running = len(rows) > 0
				}
				if took := time.Since(began); took > 40*time.Second {
					t.Errorf("the server worked on it for %v", took)
				}
			})
		})
	}
}

func TestColumnsArriveAsTheyAreStored(t *testing.T) {
	server := dbtest.MySQL(t)
	server.Exec(
		"SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'",
		`CREATE TABLE odd (
			id INT PRIMARY KEY, ub BIGINT UNSIGNED, sb BIGINT, b8 BIT(8), b1 BIT(1), d DECIMAL(24,8), l1 VARCHAR(20) CHARACTER SET latin1,
			u3 VARCHAR(20) CHARACTER SET utf8mb3, u4 VARCHAR(20) CHARACTER SET utf8mb4, c CHAR(6), e ENUM('small', 'größer'), s SET('x', 'y'),
			y YEAR, t TIME, dt DATETIME, dtf DATETIME(3), da DATE, ts TIMESTAMP NULL, f FLOAT, dbl DOUBLE, ti TINYINT(1), bin VARBINARY(4), txt LONGTEXT)`,
		`INSERT INTO odd VALUES (1, 18446744073709551615, -9223372036854775808, b'10000001', b'1', 1234567890123456.12345678, 'Käse €',
			'Käse', '🚜', 'A', 'größer', 'x,y', 2026, '-800:00:01', '2026-03-08 02:30:00', '2026-03-08 02:30:00.125', '2026-02-30', '2026-03-08 08:30:00',
			1.5, 0.1, 2, x'00FF', 'long')`,
		`INSERT INTO odd VALUES (2, 0, -1, 0, 0, 0, '', '', '', '', NULL, '', 0, '00:00:00', '0000-00-00 00:00:00', 0, '0000-00-00', NULL, 0, 0, -1, '', '')`,
		"INSERT INTO odd (id, da, dt) VALUES (3, '2026-00-00', '2026-02-00 00:00:00')",
	)
	for name, suffix := range protocols {
		t.Run(name, func(t *testing.T) {
			p := openPool(t, server.DSN()+suffix)
			known, err := p.Inspect(t.Context(), []plan.TableRef{{Table: "odd"}})
			if err != nil {
				t.Fatal(err)
			}
			var kinds []convert.ColumnKind
			for _, column := range known.Schema[plan.TableRef{Table: "odd"}].Columns {
				kinds = append(kinds, column.Kind)
			}
			const query = "select * from odd where id = ?"
			wantTexts(t, p, kinds, []string{
				"1", "18446744073709551615", "-9223372036854775808", "129", "1", "1234567890123456.12345678", "Käse €",
				"Käse", "🚜", "A", "größer", "x,y", "2026", "-800:00:01", "2026-03-08 02:30:00", "2026-03-08 02:30:00.125", "2026-02-30", "2026-03-08 08:30:00",
				"1.5", "0.1", "2", "\x00\xff", "long",
			}, query, 1)
			rows, err := texts(t, p, kinds, query, 2)
			if err != nil || len(rows) != 1 {
				t.Fatalf("got %v and %v", rows, err)
			}
			want := []string{
				"2", "0", "-1", "0", "0", "0.00000000", "", "", "", "", "<nil>", "", "0", "00:00:00",
				"0000-00-00 00:00:00", "0000-00-00 00:00:00.000", "0000-00-00", "<nil>", "0", "0", "-1", "", "",
			}
			if diff := cmp.Diff(want, rows[0]); diff != "" {
				t.Errorf("row 2 (-want +got):\n%s", diff)
			}
			wantTexts(t, p, []convert.ColumnKind{convert.ColumnDate, convert.ColumnDateTime}, []string{"2026-00-00", "2026-02-00 00:00:00"},
				"select da, dt from odd where id = ?", 3)
		})
	}
}
