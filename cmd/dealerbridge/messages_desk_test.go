package main_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/cli"
	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
	"github.com/dealerbridge/dealerbridge/server/token"
)

// TestWhoMayUseTheDesk: the operator's API is for clients made for it, and each
// sees its own dealers.
func TestWhoMayUseTheDesk(t *testing.T) {
	x := exchanging(t, nil, "D100", "D200")
	_, ours := x.begin(sandbox.Start{Type: "extend", Dealer: "D100"})
	_, theirs := x.begin(sandbox.Start{Type: "extend", Dealer: "D200"})
	look := x.token("look", x.client("look", []string{token.ScopeOperate}, "D100"))
	act := x.token("act", x.client("act", []string{token.ScopeOperate, token.ScopeOperateWrite}, "D100"))
	crs := x.crs("D100")
	move := func(id string) string { return "/operator/v1/requests/" + id + "/moves" }
	step := model.RequestMove{ID: "one", Move: "receive", User: "kim"}
	for name, c := range map[string]struct {
		bearer, method, path string
		body                 any
		want                 int
	}{
		"NoToken":                     {"", http.MethodGet, "/operator/v1/requests", nil, 401},
		"Nonsense":                    {"nonsense", http.MethodGet, "/operator/v1/requests", nil, 401},
		"TheCatRentalStoreMayNotLook": {crs, http.MethodGet, "/operator/v1/requests", nil, 403},
		"NorAct":                      {crs, http.MethodPost, move(ours.Summary.ID), step, 403},
		"NorReadTheQueue":             {crs, http.MethodGet, "/operator/v1/queue", nil, 403},
		"WhoMayLookMayLook":           {look, http.MethodGet, "/operator/v1/requests/" + ours.Summary.ID, nil, 200},
		"ButNotAct":                   {look, http.MethodPost, move(ours.Summary.ID), step, 403},
		"NorErase":                    {look, http.MethodDelete, "/operator/v1/requests/" + ours.Summary.ID, nil, 403},
		"AnotherDealer":               {act, http.MethodGet, "/operator/v1/requests?dealer=D200", nil, 403},
		"AnotherDealersRequest":       {act, http.MethodGet, "/operator/v1/requests/" + theirs.Summary.ID, nil, 404},
		"AnotherDealersRequestMoved":  {act, http.MethodPost, move(theirs.Summary.ID), step, 404},
		"AnotherDealersFile":          {act, http.MethodGet, "/operator/v1/requests/" + theirs.Summary.ID + "/files/0", nil, 404},
		"TwoDealersAndNoneNamed":      {x.desk, http.MethodGet, "/operator/v1/requests", nil, 400},
		"AMoveNobodyKnows":            {act, http.MethodPost, move(ours.Summary.ID), map[string]any{"id": "x", "move": "explode", "user": "kim"}, 400},
		"NoUser":                      {act, http.MethodPost, move(ours.Summary.ID), map[string]any{"id": "x", "move": "receive"}, 400},
		"NoFileOfThisNumber":          {act, http.MethodGet, "/operator/v1/requests/" + ours.Summary.ID + "/files/7", nil, 404},
		"TheDeskPostsNoMessages":      {act, http.MethodPost, "/api/v1/message", posted("D100", "m", "null"), 403},
		"TheDeskPullsNoContracts":     {act, http.MethodGet, "/api/v1/contract?customer=0000412", nil, 403},
	} {
		t.Run(name, func(t *testing.T) {
			r := x.call(c.bearer, c.method, c.path, c.body)
			if r.status != c.want {
				t.Errorf("%d, want %d: %.300s", r.status, c.want, r.body)
			}
			says := r.header.Get("WWW-Authenticate")
			if (c.want == 401) && !strings.HasPrefix(says, "Bearer") {
				t.Errorf("WWW-Authenticate is %q", says)
			}
			if strings.Contains(string(r.body), theirs.Summary.ID) {
				t.Errorf("it tells of another dealer's request: %s", r.body)
			}
		})
	}
	if v := x.view("D200", theirs.Summary.ID); v.Summary.Status != "submitted" {
		t.Errorf("another dealer's request is %s", v.Summary.Status)
	}
}

// person runs a command as a person does, beside the gateway, and gives what is
// shown.
func (x *exchange) person(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := cli.Run(t.Context(), "test", args, &out, &errs); code != want {
		t.Errorf("%q ended with %d: %s", args, code, errs.String())
	}
	text := out.String()
	if errs.Len() > 0 {
		text += "(to the error output)\n" + errs.String()
	}
	return text
}

var (
	aMoment = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z| UTC)?`)
	anID    = regexp.MustCompile(`\b[0-9a-f]{40,64}\b|\b[A-Za-z2-7]{26}\b`)
)

// TestTheDeskByCommands: what a person sees who works on requests and the queue
// beside a running gateway.
func TestTheDeskByCommands(t *testing.T) {
	x := exchanging(t, nil, "D100")
	id, v := x.begin(sandbox.Start{Type: "service", PhotoBytes: 3000})
	own := v.Summary.ID
	var told strings.Builder
	state := []string{"--state", x.cfg.State.Path}
	show := func(want int, args ...string) {
		t.Helper()
		if args[0] == "requests" {
			args = append(args, "--dealer", "D100")
		}
		told.WriteString("$ dealerbridge " + strings.ReplaceAll(strings.Join(args, " "), own, "REQUEST") + "\n")
		text := x.person(t, want, append(args, state...)...)
		text = strings.ReplaceAll(text, own, "REQUEST")
		text = aMoment.ReplaceAllString(text, "MOMENT")
		told.WriteString(anID.ReplaceAllString(text, "ID") + "\n")
	}
	show(0, "requests", "list")
	show(0, "requests", "show", own)
	show(1, "requests", "update", own, "schedule", "--user", "kim")
	show(0, "requests", "update", own, "receive", "--user", "kim", "--user-name", "Kim Ostrander", "--step", "first")
	show(0, "requests", "update", own, "receive", "--user", "kim", "--user-name", "Kim Ostrander", "--step", "first")
	x.settle()
	x.same(id, "received")
	show(0, "requests", "update", own, "schedule", "--user", "kim", "--text", "On Friday \x1b[31mmorning", "--date", "2026-03-06T12:00:00Z")
	x.settle()
	show(0, "requests", "show", own)
	show(1, "requests", "show", "nobody")
	if err := x.box.AddFaults(sandbox.Fault{On: sandbox.Messages, Kind: sandbox.Status, Status: http.StatusPaymentRequired}); err != nil {
		t.Fatal(err)
	}
	show(0, "requests", "update", own, "close", "--user", "kim")
	x.settle()
	var parked model.QueuePage
	x.call(x.desk, http.MethodGet, "/operator/v1/queue/items?state=parked", nil).into(t, &parked)
	if len(parked.Items) != 1 {
		t.Fatalf("%d are parked", len(parked.Items))
	}
	number := strconv.FormatInt(parked.Items[0].Number, 10)
	show(0, "queue", "list")
	show(0, "queue", "list", "--item-state", "parked")
	show(0, "queue", "show", number)
	show(0, "queue", "retry", number)
	x.settle()
	x.same(id, "closed")
	show(1, "queue", "park", number)
	show(1, "queue", "show", "999")
	show(0, "queue", "list")
	show(0, "requests", "list", "--open")

	folder := t.TempDir()
	x.person(t, 0, append([]string{"requests", "show", own, "--dealer", "D100", "--files", folder}, state...)...)
	saved, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(saved) != 1 {
		t.Fatalf("%v %v", saved, err)
	}
	if raw, err := os.ReadFile(saved[0]); err != nil || len(raw) != 3000 {
		t.Errorf("%s has %d bytes, %v", saved[0], len(raw), err)
	}
	var list model.RequestPage
	if err := json.Unmarshal([]byte(x.person(t, 0, append([]string{"requests", "list", "--dealer", "D100", "--json"}, state...)...)), &list); err != nil || len(list.Items) != 1 {
		t.Errorf("%v: %+v", err, list)
	}

	golden := filepath.Join("testdata", "desk.txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(told.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), told.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
}
