package mapfile_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/mappings/mapfile"
)

const wholeFile = `
timezone: America/Denver
customerNumber: c.no
owner: {HIRE: {co: 1}, BILL: {co: 1}, CLIENT: {co: 1}, CLASS: {co: 1}}
joins: {c: {table: CLIENT, match: {no: h.client}}}
define:
  site: {text: '{h.client}-{h.site}'}
  deep: $site
  other: {sql: "h.a"}
contract:
  from: HIRE h
  join: [c]
  fields: {contractId: h.no, jobsiteId: $deep, pdfUrl: {document: contract}}
invoice:
  from: archive.BILL h
  join: [c]
  where: "h.no > 1"
  fields: {invoiceId: h.no, poNumber: $other}
customer: {from: CLIENT c, fields: {customerName: c.title}}
dealer-category: {from: CLASS g, fields: {categoryId: g.code}}
documents:
  contract: {directory: hire, name: 'H{h.no}.pdf'}
changes: {contract: [{from: HIRE h, join: [c], stamp: h.touched}]}
`

func TestPart(t *testing.T) {
	for endpoint, want := range map[string]struct{ kept, owner, define, documents []string }{
		"contract":          {[]string{"contract"}, []string{"HIRE", "CLIENT"}, []string{"site", "deep"}, []string{"contract"}},
		"invoice":           {[]string{"invoice"}, []string{"BILL", "CLIENT"}, []string{"other"}, nil},
		"dealer-category":   {[]string{"customer", "dealer-category"}, []string{"CLIENT", "CLASS"}, nil, nil},
		mapfile.Incremental: {nil, []string{"HIRE", "CLIENT"}, nil, nil},
	} {
		t.Run(endpoint, func(t *testing.T) {
			file, faults := mapfile.Parse("rms.yaml", []byte(wholeFile))
			if err := faults.Err(); err != nil {
				t.Fatal(err)
			}
			file.OneDatabase()
			part := file.Part(endpoint)
			var kept, owner, define, documents []string
			for _, ep := range part.Endpoints {
				if !ep.None {
					kept = append(kept, ep.Name.Value)
				}
			}
			for _, f := range part.Owner {
				if f.Table.Value != "archive.BILL" {
					owner = append(owner, f.Table.Value)
				} else {
					owner = append([]string{"BILL"}, owner...)
				}
			}
			for _, d := range part.Define {
				define = append(define, d.Name.Value)
			}
			for _, d := range part.Documents {
				documents = append(documents, d.Kind.Value)
			}
			for i, got := range [][]string{kept, owner, define, documents} {
				if diff := cmp.Diff([][]string{want.kept, want.owner, want.define, want.documents}[i], got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			if len(part.Changes.Kinds) > 0 != (endpoint == mapfile.Incremental) {
				t.Errorf("got %d kinds of changes", len(part.Changes.Kinds))
			}
		})
	}
}

func TestSQLOf(t *testing.T) {
	file, faults := mapfile.Parse("rms.yaml", []byte(wholeFile))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, text := range mapfile.SQLOf(file.Part("invoice")) {
		texts = append(texts, text.Value)
	}
	slices.Sort(texts)
	if diff := cmp.Diff([]string{"h.a", "h.no > 1"}, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := mapfile.SQLOf(file.Part("contract")); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

func TestReadTreeKeepsWhatWasWritten(t *testing.T) {
	tree, faults := mapfile.ReadTree("x", []byte("a: 0017\nb: ['1', null, {c: 1.50}]\n"))
	if len(faults) > 0 || tree.Get("a").Text.Value != "0017" || tree.Get("b").Items[1].Kind != mapfile.NullNode ||
		tree.Get("b").Items[2].Get("c").Text.Value != "1.50" || !tree.Get("b").Items[0].Text.Quoted || tree.Get("d") != nil {
		t.Errorf("got %+v, %v", tree, faults)
	}
}
