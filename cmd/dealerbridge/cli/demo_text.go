package cli

import (
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/mappings/dealers/demo"
)

// demoProse is what the demo says about itself.
type demoProse struct {
	Program, URL, Sandbox, Mapping, Kept, File, Since, Machine, Lead string
}

// Command writes a command that works beside the demo.
func (p demoProse) Command(words string) string {
	return p.Program + " " + words + " --config " + quoted(p.File)
}

// Quoted is quoted, for the template.
func (demoProse) Quoted(word string) string { return quoted(word) }

func (p demoProse) introduce(w io.Writer) error {
	return template.Must(template.New("demo").Parse(strings.TrimLeft(demoText, "\n"))).Execute(w, p)
}

// tell says what happened, and what can be done about it.
func (p demoProse) tell(w io.Writer, e app.DemoEvent) {
	var text string
	var commands []string
	switch e.Step {
	case app.LeadCame:
		text = fmt.Sprintf("lead %s came from Caterpillar and stands in the CRM as %s", e.Lead, e.Number)
	case app.LeadWorked:
		text = map[string]string{
			"offer":       "Ana Lind called, and notes in the CRM: " + e.Number + " is worth an A, 48,500.00 are offered",
			"win":         "Ana Lind notes that the offer of " + e.Number + " was taken",
			"turned down": "Milo Harrow turns " + e.Number + " down, for the new reason " + demo.UnlistedReason + ": the company has closed",
		}[e.Why]
	case app.LeadReported:
		text = fmt.Sprintf("Caterpillar is told of %s: %s", e.Lead, e.Status)
		if e.Percent != "" {
			text += ", with a probability of " + e.Percent + " %"
		}
		commands = []string{p.Command("leads show " + e.Lead)}
	case app.LeadHeld:
		text = fmt.Sprintf("nothing is told of %s yet, as nobody said what that reason means to Caterpillar: it is held\n", e.Lead) +
			indentation + "(" + e.Why + "). Say it, and it goes out by itself:"
		commands = []string{
			p.Command("leads list --held"),
			"echo '" + demo.UnlistedReason + ": Bad Contact Information' >> " + quoted(p.Mapping+"/rejected-reasons.yaml"),
		}
	case app.RequestCame:
		text = "a customer's request for service came from the Cat Rental Store and waits for you:"
		update := "requests update " + e.Number + " "
		commands = []string{
			p.Command("requests show " + e.Number),
			p.Command(update + "receive --user jsample"),
			p.Command(update + "schedule --user jsample --date " + e.At.UTC().AddDate(0, 0, 2).Format("2006-01-02") + `T14:00:00Z --text "We come with a new track"`),
			p.Command(update + `close --user jsample --text "The track is on again"`),
		}
	case app.RequestAnswer:
		text = fmt.Sprintf("the Cat Rental Store shows the customer that request %s is %s", e.Number, e.Status)
	case app.RequestRefused:
		text = fmt.Sprintf("the Cat Rental Store refused a step of request %s: %s", e.Number, e.Why)
	}
	fmt.Fprintf(w, "\n%s  %s\n", e.At.Local().Format("15:04:05"), text)
	for _, c := range commands {
		fmt.Fprintf(w, "%s%s\n", indentation, c)
	}
}

const indentation = "          "

const demoText = `
Prairie Line Rentals (dealer D100) is served at {{.URL}}
Caterpillar's side is played at {{.Sandbox}}: leads, QR codes, the Cat Rental Store
Paste these into another terminal:

  # a token, good for an hour
  TOKEN=$(curl -s -u demo:demo -d grant_type=client_credentials {{.URL}}/oauth2/token | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')

  # the active contracts of one customer, two on a page; of several customers at once
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/contract?customer=0000412&items=2'
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/contract?customer=0000412,0001007&items=5&page=1'

  # where that customer works
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/jobsite?customer=0000412'

  # the catalog with a customer's own rates, which go before those of the book
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/dealer-category?customer=0000214'

  # the newest invoices
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/invoice?customer=0000412&items=3'

  # one customer; the branches; whose data changed in the last two days
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/customer?customer=0000412'
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/location'
  curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/incremental?since={{.Since}}'

  # a contract as PDF, behind the same credentials
  PDF=$(curl -s -H "Authorization: Bearer $TOKEN" '{{.URL}}/api/v1/contract?customer=0000211' | sed -n 's/.*"pdfUrl":"\([^"]*\)".*/\1/p')
  curl -s -H "Authorization: Bearer $TOKEN" -o contract.pdf "$PDF"

  # is everything well?
  curl -s {{.URL}}/readyz

  # leads: two come by themselves and are worked in the CRM, as told below; one's journey from the first byte to the answer
  {{.Command "leads list"}}
  {{.Command (print "leads show " .Lead)}}

  # the rental desk: a customer asks for service, as told below
  {{.Command "requests list"}}
  {{.Command "queue list"}}

  # the machine behind a QR code, and where it stands now
  {{.Command (print "qr https://qr.cat.com/" .Machine)}}

  # the same for programs: the operator's API, with a client of its own
  DESK=$(curl -s -u desk:desk -d grant_type=client_credentials {{.URL}}/oauth2/token | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
  curl -s -H "Authorization: Bearer $DESK" '{{.URL}}/operator/v1/leads'
  curl -s -H "Authorization: Bearer $DESK" '{{.URL}}/operator/v1/requests'

  # more of it: three leads, fetched within ten seconds; a customer who wants a quote
  curl -s -H 'Content-Type: application/json' -d '{"count":3}' {{.Sandbox}}/control/leads/make
  curl -s -H 'Content-Type: application/json' -d '{"type":"quote","customer":"0000412","quoteRequired":true}' {{.Sandbox}}/control/portal/requests

What is served comes out of one file, what becomes of leads out of another:
  {{.Mapping}}/rms.yaml
  {{.Mapping}}/crm.yaml
Look at how one contract is put together (contract:), what keeps the second company in the
same tables out (owner:), and how codes and odd dates are read (maps:, date:); in the other
one at the rows a lead becomes (lead:) and at what is told back (update:). Change a line and
save: the gateway takes it up within five seconds, and if the line has a fault, says so here
and keeps serving the version before. The configuration, for all commands:
  {{.File}}
{{if .Kept}}
State, mapping, CRM and configuration stay in {{.Kept}}; clients are managed with
  {{.Program}} client list --state {{.Quoted .Kept}}
{{end}}
Ctrl-C ends the demo.
`
