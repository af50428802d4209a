package database

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

const (
	timeLimit     = "time limit exceeded"
	accessDenied  = "access denied"
	accountLocked = "access denied: the account is locked"
	hostNotLetIn  = "the database does not let this host in"
	shuttingDown  = "the database is shutting down"
	outOfMemory   = "the database is out of memory"
	diskFull      = "the disk of the database is full"
	lockedByOther = "the database is locked by another program"

	inTheWay = "another transaction was in the way"

	valueTaken   = "a unique index has the value already"
	mustBeFilled = "a column must not be empty"
	doesNotFit   = "a value does not fit its column"
	textTooLong  = "a text is longer than its column"
	foreignKey   = "a foreign key refuses the row"
	tableCheck   = "a check of the table refuses the row"

	onlyReads    = "the statement writes, and the database can only be read"
	tooLarge     = "a value is larger than the database takes"
	incomparable = "texts of different character sets cannot be compared"
)

// serverFailures are the error numbers of MySQL and MariaDB that need words of
// their own.
var serverFailures = numbered(map[Kind]map[string][]uint16{
	Away: {
		timeLimit: {1028, 1969, 3024},
		accessDenied + ": no such user with this password, or not from this machine": {1045, 1698},
		accessDenied + ": the account may not use the database of the DSN":           {1044},
		accessDenied + ": the account a view works with does not exist":              {1449},
		accountLocked: {3118, 4151},
		"access denied: the password has to be changed": {1820},
		"access denied: the password has expired":       {1862},
		"the database of the DSN does not exist":        {1049},
		hostNotLetIn:                                    {1129, 1130},
		"the database demands TLS":                      {3159},
		"the database has too many connections":         {1040},
		"the account has too many connections":          {1203},
		"the account has used up its allowance":         {1226},
		"the database has too many prepared statements": {1461},
		shuttingDown:                        {1053, 1077},
		"the database ended the statement":  {1317},
		"the database ended the connection": {1927},
		outOfMemory:                         {1037, 1041},
		diskFull:                            {1021},
		"a table of the database is full":   {1114},
	},
	Conflict: {
		timeLimit + " while waiting for a lock": {1205},
		inTheWay:                                {1020, 1213},
	},
	Duplicate: {
		valueTaken: {1022, 1062, 1586},
	},
	Unfitting: {
		mustBeFilled: {1048},
		"a column without a default gets no value":  {1364},
		"a number is out of its column's range":     {1264},
		doesNotFit:                                  {1265, 1292, 1366},
		textTooLong:                                 {1406},
		foreignKey:                                  {1216, 1452},
		"a trigger of the database refuses the row": {1644},
		tableCheck:                                  {3819, 4025},
	},
	OnlyReads: {
		onlyReads: {1290, 1792, 1836},
	},
	Refused: {
		"a statement is not understood by the database":             {1064},
		"a statement would read more rows than the database allows": {1104},
		"access denied to a table":                                  {1142},
		"access denied to a column":                                 {1143},
		accessDenied:                                                {1227, 1370},
		tooLarge:                                                    {1153, 1301},
		incomparable:                                                {1267, 1271},
		"a function that a statement calls does not exist":          {1305},
		"a view refers to something that does not exist":            {1356},
	},
})

func numbered(kinds map[Kind]map[string][]uint16) map[uint16]Failure {
	all := map[uint16]Failure{}
	for kind, reasons := range kinds {
		for reason, numbers := range reasons {
			for _, number := range numbers {
				all[number] = Failure{Kind: kind, Reason: reason}
			}
		}
	}
	return all
}

const (
	unknownColumn = 1054
	unknownTable  = 1146
	// ownTrouble is where the numbers begin that are about statements; those
	// below are of the server's own files.
	ownTrouble = 1000
)

var quotedName = regexp.MustCompile(`'(?:[^']*\.)?([^'.]+)'`)

// aboutText are the errors whose message repeats nothing but the statement:
// names, and where its grammar ends. Other messages name accounts and hosts.
var aboutText = []uint16{
	1052, unknownColumn, 1055, 1056, 1060, 1064, 1066, 1109, 1111, 1140, unknownTable, 1222, 1241, 1247, 1248, 1267, 1271, 1305, 1582, 1630,
}

func fromServer(e *mysql.MySQLError) *Failure {
	f, known := serverFailures[e.Number]
	switch {
	case known:
	case e.Number == unknownTable:
		f = Failure{Kind: Refused, Reason: absentName("table", e.Message), Changed: true}
	case e.Number == unknownColumn:
		f = Failure{Kind: Refused, Reason: absentName("column", e.Message), Changed: true}
	case e.Number < ownTrouble:
		f = Failure{Reason: fmt.Sprintf("the database has trouble of its own (error %d)", e.Number)}
	default:
		f = Failure{Kind: Refused, Reason: refusedWith(int(e.Number))}
	}
	if slices.Contains(aboutText, e.Number) {
		f.Detail = e.Message
	}
	return &f
}

func refusedWith(code int) string {
	return fmt.Sprintf("the database refused a statement (error %d)", code)
}

// absentName names the table or column that the server says is not there; such
// names come from the mapping.
func absentName(what, message string) string {
	if name := quotedName.FindStringSubmatch(message); name != nil {
		return fmt.Sprintf("%s %q does not exist", what, name[1])
	}
	return "a " + what + " does not exist"
}

// fileFailures are the result codes of SQLite that need words of their own.
var fileFailures = map[int]Failure{
	lib.SQLITE_BUSY:      {Kind: Conflict, Reason: lockedByOther},
	lib.SQLITE_LOCKED:    {Kind: Conflict, Reason: lockedByOther},
	lib.SQLITE_CANTOPEN:  {Reason: "the database file cannot be opened"},
	lib.SQLITE_NOTADB:    {Reason: "the file is no database"},
	lib.SQLITE_CORRUPT:   {Reason: "the database file is damaged"},
	lib.SQLITE_IOERR:     {Reason: "the database file cannot be read or written"},
	lib.SQLITE_FULL:      {Reason: diskFull},
	lib.SQLITE_PERM:      {Reason: accessDenied},
	lib.SQLITE_AUTH:      {Reason: accessDenied},
	lib.SQLITE_READONLY:  {Kind: OnlyReads, Reason: onlyReads},
	lib.SQLITE_INTERRUPT: {Reason: timeLimit},
	lib.SQLITE_NOMEM:     {Reason: outOfMemory},
	lib.SQLITE_TOOBIG:    {Kind: Unfitting, Reason: tooLarge},
	lib.SQLITE_MISMATCH:  {Kind: Unfitting, Reason: doesNotFit},
}

func fromFile(e *sqlite.Error) *Failure {
	code := e.Code() & 0xff // what is above says more, which only constraints need
	if known, ok := fileFailures[code]; ok {
		return &known
	}
	switch code {
	case lib.SQLITE_CONSTRAINT:
		return fromConstraint(e.Code())
	case lib.SQLITE_ERROR:
		return fromText(e)
	}
	return &Failure{Kind: Refused, Reason: refusedWith(code)}
}

func fromConstraint(code int) *Failure {
	switch code {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return &Failure{Kind: Duplicate, Reason: valueTaken}
	case lib.SQLITE_CONSTRAINT_NOTNULL:
		return &Failure{Kind: Unfitting, Reason: mustBeFilled}
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return &Failure{Kind: Unfitting, Reason: foreignKey}
	}
	return &Failure{Kind: Unfitting, Reason: tableCheck}
}

// fromText reads SQLite's words on a statement, which name nothing but what
// stands in it.
func fromText(e *sqlite.Error) *Failure {
	detail := strings.TrimPrefix(e.Error(), "SQL logic error: ")
	detail = strings.TrimSuffix(detail, fmt.Sprintf(" (%d)", e.Code())) // the driver adds its code
	f := &Failure{Kind: Refused, Reason: refusedWith(lib.SQLITE_ERROR), Detail: detail}
	for _, absent := range []struct{ words, what string }{
		{"no such table: ", "table"}, {"no such column: ", "column"}, {" has no column named ", "column"},
	} {
		if _, name, ok := strings.Cut(detail, absent.words); ok {
			name = name[strings.LastIndexByte(name, '.')+1:]
			f.Reason, f.Changed = fmt.Sprintf("%s %q does not exist", absent.what, name), true
			break
		}
	}
	return f
}
