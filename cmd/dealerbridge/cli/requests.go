package cli

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/operator"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/request"
)

type requestsCmd struct {
	List   requestsListCmd   `cmd:"" help:"List customers' requests, the last changed first."`
	Show   requestsShowCmd   `cmd:"" help:"Show a request with its history, and save its files."`
	Update requestsUpdateCmd `cmd:"" help:"Make a step: receive, schedule, quote, close, cancel, return."`
	Chains requestsChainsCmd `cmd:"" help:"List conversations about assets."`
	Say    requestsSayCmd    `cmd:"" help:"Say something in a conversation."`
	Erase  requestsEraseCmd  `cmd:"" help:"Forget a request, or everything that is kept of a customer."`
}

type requestsEraseCmd struct {
	deskFlags
	ID       string `arg:"" optional:"" help:"The dealer's id of the request."`
	Customer string `placeholder:"DCN" help:"Everything that is kept of this customer instead: requests, conversations, messages, files, snapshots."`
}

// Help is shown below the flags.
func (requestsEraseCmd) Help() string {
	return `Erases from the gateway's own state. The Cat Rental Store is told nothing, and the dealer's databases are not touched.`
}

// Run forgets.
func (c requestsEraseCmd) Run(s *session) error {
	if (c.ID == "") == (c.Customer == "") {
		return usage("name one request, or --customer DCN")
	}
	return c.desk(s, func(ctx context.Context, desk *app.MessageDesk, dealer string) error {
		if c.ID != "" {
			if err := desk.EraseRequest(ctx, dealer, c.ID); err != nil {
				return err
			}
			_, err := fmt.Fprintf(s.out, "request %s is forgotten\n", visible(c.ID))
			return err
		}
		n, err := desk.EraseCustomer(ctx, dealer, c.Customer)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s, map[string]int64{"erased": n})
		}
		_, err = fmt.Fprintf(s.out, "%d requests, conversations, messages and files of the customer are forgotten\n", n)
		return err
	})
}

// deskFlags say whose requests are meant.
type deskFlags struct {
	stateFlags
	Dealer string `placeholder:"CODE" help:"Dealer; may be left out where the configuration has one."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

func (f deskFlags) desk(s *session, use func(context.Context, *app.MessageDesk, string) error) error {
	dealer := f.Dealer
	if dealer == "" {
		if f.State != "" {
			return usage("with --state the dealer is needed as well: --dealer CODE")
		}
		_, codes, err := config.LoadState(f.Config, s.env)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return fmt.Errorf("no configuration at %s; name it with --config FILE, or the state with --state DIR", f.Config)
		case err != nil:
			return err
		case len(codes) != 1:
			return fmt.Errorf("%s names several dealers (%s); choose one with --dealer", f.Config, strings.Join(codes, ", "))
		}
		dealer = codes[0]
	}
	return f.messageDesk(s, func(ctx context.Context, desk *app.MessageDesk) error {
		return requestWords(use(ctx, desk, dealer), dealer)
	})
}

// requestWords tells what can be done about an error.
func requestWords(err error, dealer string) error {
	switch {
	case errors.Is(err, messaging.ErrUnknown):
		return fmt.Errorf("dealer %s has no such request or conversation; dealerbridge requests list shows all", dealer)
	case errors.Is(err, queue.ErrBusy):
		return errors.New("a message about it is being handled at this moment; the rest is erased, so try again")
	case errors.Is(err, messaging.ErrConflict):
		return errors.New("somebody else changed it at the same time; look at it and try again")
	}
	return err
}

type requestsListCmd struct {
	deskFlags
	Type     string `placeholder:"TYPE" enum:",purchase_order,jobsite,transfer,extend,calloff,service,quote,lead" default:"" help:"Only this type: purchase_order, jobsite, transfer, extend, calloff, service, quote, lead."`
	Status   string `placeholder:"STATE" enum:",submitted,received,scheduled,quoted,approved,canceled,closed" default:"" help:"Only this state: submitted, received, scheduled, quoted, approved, canceled, closed."`
	Customer string `placeholder:"DCN" help:"Only this customer."`
	Open     bool   `help:"Only those to which something can still happen."`
	After    string `placeholder:"MARK" help:"Go on behind this mark."`
	Limit    int    `default:"50" help:"At most so many (${default})."`
}

// Run lists requests.
func (c requestsListCmd) Run(s *session) error {
	if c.Limit < 1 {
		return usage("--limit is at least 1")
	}
	return c.desk(s, func(ctx context.Context, desk *app.MessageDesk, dealer string) error {
		f := messaging.Filter{Dealer: dealer, Customer: c.Customer, Open: c.Open, Before: c.After, Most: c.Limit}
		if c.Type != "" {
			f.Types = []request.Type{request.Type(c.Type)}
		}
		if c.Status != "" {
			f.Statuses = []request.Status{request.Status(c.Status)}
		}
		found, next, err := desk.Requests(ctx, f)
		if err != nil {
			return err
		}
		page := model.RequestPage{Items: []model.RequestSummary{}}
		for i := range found {
			page.Items = append(page.Items, operator.RequestSummary(&found[i]))
		}
		if next != "" {
			page.Next = &next
		}
		return printRequests(s, page, c.JSON)
	})
}

type requestsShowCmd struct {
	deskFlags
	ID    string `arg:"" help:"The dealer's id of the request."`
	Files string `placeholder:"DIR" help:"Save its pictures and other files here."`
}

// Run shows a request.
func (c requestsShowCmd) Run(s *session) error {
	return c.desk(s, func(ctx context.Context, desk *app.MessageDesk, dealer string) error {
		v, err := desk.Show(ctx, dealer, c.ID)
		if err != nil {
			return err
		}
		if err := printRequest(s, operator.RequestView(v), c.JSON); err != nil || c.Files == "" {
			return err
		}
		for n, f := range v.Request.Files() {
			if err := saveFile(ctx, s, desk, dealer, c.Files, n, f); err != nil {
				return err
			}
		}
		return nil
	})
}

type requestsUpdateCmd struct {
	deskFlags
	ID          string   `arg:"" help:"The dealer's id of the request."`
	Move        string   `arg:"" enum:"receive,schedule,quote,close,cancel,return" help:"The step: receive, schedule, quote, close, cancel, return (a lead to the wrong dealer)."`
	User        string   `required:"" placeholder:"NAME" help:"Dealer user name of who does it."`
	UserName    string   `placeholder:"NAME" help:"Full name, for the customer."`
	Title       string   `placeholder:"TEXT" help:"A title instead of the usual one."`
	Text        string   `placeholder:"TEXT" help:"A note for the customer."`
	Date        string   `placeholder:"MOMENT" help:"The date it carries, such as 2026-03-06T12:00:00Z."`
	Disposition string   `placeholder:"TEXT" help:"The outcome of a quote or lead."`
	File        []string `type:"existingfile" placeholder:"FILE" help:"A file to send, such as the quote; repeat it for several."`
	Step        string   `placeholder:"NAME" help:"A name for the step: the same again is the same step again."`
}

// Help is shown below the flags.
func (requestsUpdateCmd) Help() string {
	return `What is not allowed is refused with what is allowed now. A running gateway sends the update; without one it waits.

  dealerbridge requests update rq7k2m4p schedule --user jsample --date 2026-03-06T12:00:00Z`
}

// Run makes the step.
func (c requestsUpdateCmd) Run(s *session) error {
	m, ok := messaging.Verb(c.Move)
	if !ok {
		return usage("%s is no step", c.Move)
	}
	m.ID, m.User, m.UserName, m.Text = c.Step, c.User, c.UserName, c.Text
	if m.ID == "" {
		m.ID = "command-" + strings.ToLower(rand.Text())
	}
	if c.Title != "" {
		m.Title = c.Title
	}
	if c.Disposition != "" {
		m.Disposition = c.Disposition
	}
	if c.Date != "" {
		date, err := time.Parse(time.RFC3339, c.Date)
		if err != nil {
			return usage("--date: %q is no moment; write it like 2026-03-06T12:00:00Z", c.Date)
		}
		m.Date = &date
	}
	for _, path := range c.File {
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading a file to send: %w", err)
		}
		kind := mime.TypeByExtension(filepath.Ext(path))
		if kind == "" {
			kind = "application/octet-stream"
		}
		m.Attachments = append(m.Attachments, request.File{
			Filename: filepath.Base(path), Mimetype: kind, Contents: base64.StdEncoding.EncodeToString(content),
		})
	}
	return c.desk(s, func(ctx context.Context, desk *app.MessageDesk, dealer string) error {
		moved, err := desk.Move(ctx, dealer, c.ID, m)
		if err != nil {
			return err
		}
		for _, w := range moved.Warnings {
			fmt.Fprintf(s.err, "dealerbridge: note: %s\n", w)
		}
		if c.JSON {
			return printJSON(s, operator.RequestSummary(moved.Record))
		}
		what := "is"
		if moved.Message == nil {
			what = "was already"
		}
		_, err = fmt.Fprintf(s.out, "request %s %s %s\n", visible(moved.Record.ID), what, moved.Record.Status)
		return err
	})
}

type requestsChainsCmd struct {
	deskFlags
	Customer string `placeholder:"DCN" help:"Only this customer."`
	After    string `placeholder:"MARK" help:"Go on behind this mark."`
	Limit    int    `default:"50" help:"At most so many (${default})."`
}

// Run lists conversations.
func (c requestsChainsCmd) Run(s *session) error {
	if c.Limit < 1 {
		return usage("--limit is at least 1")
	}
	return c.desk(s, func(ctx context.Context, desk *app.MessageDesk, dealer string) error {
		found, next, err := desk.Chains(ctx, messaging.Filter{Dealer: dealer, Customer: c.Customer, Before: c.After, Most: c.Limit})
		if err != nil {
			return err
		}
		page := model.ConversationPage{Items: []model.Conversation{}}
		for i := range found {
			page.Items = append(page.Items, operator.Conversation(&found[i]))
		}
		if next != "" {
			page.Next = &next
		}
		return printChains(s, page, c.JSON)
	})
}

type requestsSayCmd struct {
	deskFlags
	Conversation string `arg:"" help:"The dealer's id of the conversation."`
	Text         string `arg:"" help:"What to say."`
	User         string `required:"" placeholder:"NAME" help:"Dealer user name of who says it."`
	UserName     string `placeholder:"NAME" help:"Full name, for the customer."`
}

// Run says something.
func (c requestsSayCmd) Run(s *session) error {
	return c.desk(s, func(ctx context.Context, desk *app.MessageDesk, dealer string) error {
		said, err := desk.Answer(ctx, dealer, c.Conversation, request.Say{
			ID: "command-" + strings.ToLower(rand.Text()), User: c.User, UserName: c.UserName, Text: c.Text,
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s, operator.Conversation(said.Chain))
		}
		_, err = fmt.Fprintf(s.out, "said in conversation %s\n", visible(said.Chain.ID))
		return err
	})
}
