//go:build server

package sqlcrm_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the expected outputs below testdata")

// TestCheckOfADatabaseThatDoesNotFit keeps what is said about the demo's mapping
// when the CRM is not as it was when the mapping was written.
func TestCheckOfADatabaseThatDoesNotFit(t *testing.T) {
	for name, statements := range map[string][]string{
		"a_table_has_another_name":    {"rename table LEADCF to LEAD_CF"},
		"a_column_has_another_name":   {"alter table LEADS change OWNERKIND OWNER_KIND char(1) not null"},
		"a_column_must_be_filled":     {"alter table LEADS add BRANCH int not null"},
		"nothing_can_be_taken_back":   {"alter table LEADS engine = MyISAM", "alter table LEADCF engine = MyISAM"},
		"columns_are_short":           {"delete from LEADS", "alter table LEADS modify MADEBY varchar(4) not null, modify NOTE varchar(80)", "alter table LEADCF modify CF_701 varchar(20), modify CF_702 smallint"},
		"codes_nobody_mapped":         {"insert into PICKS values ('REJECT', 'NEWR', 'New')", "update LEADS set STATUS = 'QQ'"},
		"reasons_of_one_list":         {"update LEADS set WHY = 'BADC'", "update LEADS set WHY = 'ZZ' order by LEADNO limit 1"},
		"the_index_is_gone":           {"alter table LEADCF drop index LEADCF_X1"},
		"the_counter_has_no_row":      {"delete from CRMSEQ where NAME = 'CONTACT'"},
		"the_database_does_not_count": {"alter table ACCOUNT modify ACCNO int not null"},
	} {
		t.Run(name, func(t *testing.T) {
			w := demos["InnoDB"](t)
			for _, statement := range statements {
				w.exec(statement)
			}
			got := strings.Join(w.checkedAs(w.config), "\n") + "\n"
			path := filepath.Join("testdata", "check", name+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		})
	}
}
