package demo

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// crm is the dealer's CRM, in a database of its own. Texts are latin1; of the
// people's names it keeps 25 characters.
var crm = []string{
	`CREATE TABLE ACCOUNT (ACCNO <counted>, NAME VARCHAR(40) NOT NULL, TOWN VARCHAR(25), SOURCE CHAR(3) NOT NULL)`,
	`CREATE TABLE CONTACT (CONNO INT NOT NULL PRIMARY KEY, ACCNO INT, FNAME VARCHAR(25), LNAME VARCHAR(25) NOT NULL, MAIL VARCHAR(60), TEL VARCHAR(20))`,
	`CREATE TABLE LEADS (LEADNO VARCHAR(20) NOT NULL PRIMARY KEY, CONNO INT NOT NULL, TITLE VARCHAR(40), STATUS CHAR(2) NOT NULL, OWNERKIND CHAR(1) NOT NULL,
  OWNER INT NOT NULL, SCORE VARCHAR(8), NOTE TEXT, RATING CHAR(1), FEEDBACK VARCHAR(2000), CALLED DATETIME, WHY VARCHAR(4), WHYTEXT VARCHAR(400),
  MADE DATETIME NOT NULL, MADEBY VARCHAR(10) NOT NULL, CHANGED DATETIME, MERGED INT NOT NULL DEFAULT 0)`,
	`CREATE TABLE LEADCF (LEADNO VARCHAR(20) NOT NULL PRIMARY KEY, CF_701 VARCHAR(255), CF_702 INT, CF_703 VARCHAR(3), CF_704 VARCHAR(10), CF_705 VARCHAR(3), CF_706 VARCHAR(3))`,
	`CREATE INDEX LEADCF_X1 ON LEADCF (CF_701)`,
	`CREATE TABLE DEALS (DEALNO <counted>, LEADNO VARCHAR(20) NOT NULL, STAGE CHAR(3) NOT NULL, CHANCE INT, AMOUNT VARCHAR(16), DUE VARCHAR(10), REP INT,
  CUSTNO VARCHAR(10), QUOTE VARCHAR(20), WHY VARCHAR(4), WON INT NOT NULL DEFAULT 0, CHANGED DATETIME)`,
	`CREATE INDEX DEALS_X1 ON DEALS (LEADNO)`,
	`CREATE TABLE USERS (USERNO INT NOT NULL PRIMARY KEY, NAME VARCHAR(25) NOT NULL, EMPNO VARCHAR(10) NOT NULL)`,
	`CREATE TABLE TEAMS (TEAMNO INT NOT NULL PRIMARY KEY, NAME VARCHAR(25) NOT NULL)`,
	`CREATE TABLE PICKS (LIST VARCHAR(8) NOT NULL, CODE VARCHAR(4) NOT NULL, WORDS VARCHAR(60) NOT NULL, PRIMARY KEY (LIST, CODE))`,
	`CREATE TABLE CRMSEQ (NAME VARCHAR(20) NOT NULL PRIMARY KEY, LASTNO INT NOT NULL)`,
	`INSERT INTO USERS VALUES (11, 'Milo Harrow', 'E-27'), (12, 'Ana Lind', 'E-31'), (13, 'José Peña', 'E-40')`,
	`INSERT INTO TEAMS VALUES (500, 'Front desk'), (501, 'Iowa rentals')`,
	`INSERT INTO CRMSEQ VALUES ('CONTACT', 7040), ('ACTIVITY', 91)`,
	`INSERT INTO ACCOUNT (NAME, TOWN, SOURCE) VALUES ('Fernwood Groundworks', 'Ames', 'OWN'), ('Hollow Creek Paving', 'Ankeny', 'OWN')`,
	`INSERT INTO CONTACT VALUES (7012, 1, 'Otis', 'Fernwood', 'otis@fernwood.example', '+1 555-0160')`,
	`INSERT INTO LEADS (LEADNO, CONNO, TITLE, STATUS, OWNERKIND, OWNER, MADE, MADEBY) VALUES ('PL-202601-0007', 7012, 'Walk-in', 'WK', 'U', 11, '2026-01-20 09:00:00', 'MHARROW')`,
	`INSERT INTO LEADCF (LEADNO) VALUES ('PL-202601-0007')`,
	`INSERT INTO PICKS VALUES ('REJECT', 'BADC', 'Wrong address'), ('REJECT', 'TERR', 'Not our area'), ('REJECT', 'PROD', 'We have no such thing'),
  ('REJECT', 'DUPL', 'Had it before'), ('REJECT', 'SPAM', 'Nonsense'), ('REJECT', 'XPRT', 'May not be sold there'), ('REJECT', 'ASK', 'To be asked'),
  ('DISQUAL', 'NORE', 'No answer'), ('DISQUAL', 'LATE', 'Later'), ('DISQUAL', 'CASH', 'No money'), ('DISQUAL', 'NEED', 'No need'), ('DISQUAL', 'BUYS', 'Bought'),
  ('DISQUAL', 'NOTU', 'Not for us'), ('DISQUAL', 'KNWN', 'Known'), ('DISQUAL', 'XPRT', 'May not be sold there'), ('DISQUAL', 'MISC', 'Something else'),
  ('LOST', 'PRIC', 'Price'), ('LOST', 'FIN', 'Terms'), ('LOST', 'FIT', 'Does not fit'), ('LOST', 'SPEC', 'Features'), ('LOST', 'STOK', 'Nothing there'),
  ('LOST', 'SLOW', 'Too slow'), ('LOST', 'SVC', 'Service'), ('LOST', 'FAR', 'Too far'),
  ('STAGE', 'QUA', 'Asked'), ('STAGE', 'SOL', 'Drawn up'), ('STAGE', 'QUO', 'Quoted'), ('STAGE', 'NEG', 'Talking'), ('STAGE', 'WON', 'Won'),
  ('STAGE', 'LST', 'Lost'), ('STAGE', 'NOD', 'No deal'), ('STAGE', 'IDL', 'Idle')`,
}

// LoadCRM makes the tables of the dealer's CRM in an empty database and fills
// them with what stood there before the first lead came from Caterpillar. engine
// is that of MySQL, InnoDB when empty.
func LoadCRM(ctx context.Context, db *sql.DB, dialect Dialect, engine string) error {
	for _, statement := range CRMSchema(dialect, engine) {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("loading the demo's CRM: %w", err)
		}
	}
	return nil
}

// CRMSchema returns the statements that make and fill the tables of the CRM.
func CRMSchema(dialect Dialect, engine string) []string {
	counted, end := "INTEGER PRIMARY KEY", ""
	if dialect == MySQL {
		if engine == "" {
			engine = "InnoDB"
		}
		counted, end = "INT NOT NULL AUTO_INCREMENT PRIMARY KEY", " ENGINE="+engine+" DEFAULT CHARSET=latin1"
	}
	all := make([]string, len(crm))
	for i, statement := range crm {
		all[i] = strings.ReplaceAll(statement, "<counted>", counted)
		if strings.HasPrefix(statement, "CREATE TABLE") {
			all[i] += end
		}
	}
	return all
}
