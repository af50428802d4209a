package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/operator"
	"github.com/dealerbridge/dealerbridge/server/queue"
)

type queueCmd struct {
	List  queueListCmd  `cmd:"" help:"Show the lanes, or the items of one."`
	Show  queueShowCmd  `cmd:"" help:"Show one item with its body."`
	Retry queueRetryCmd `cmd:"" help:"Try a parked item again, or a waiting one at once."`
	Park  queueParkCmd  `cmd:"" help:"Set a waiting item aside, so that those behind it go on."`
}

// messageDesk opens the messages of the state beside a gateway that may run.
func (f stateFlags) messageDesk(s *session, use func(context.Context, *app.MessageDesk) error) (err error) {
	state := config.State{Path: f.State}
	if f.State == "" {
		state, _, err = config.LoadState(f.Config, s.env)
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("no configuration at %s; name it with --config FILE, or the state with --state DIR", f.Config)
		}
		if err != nil {
			return err
		}
	}
	if state.Path != "" {
		if _, err := os.Stat(filepath.Join(state.Path, app.StateFile)); err != nil {
			return fmt.Errorf("there is no state of a gateway at %s", state.Path)
		}
	}
	desk, err := app.OpenMessageDesk(s.ctx, state, s.now, slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, desk.Close()) }()
	return use(s.ctx, desk)
}

// queueWords tells what can be done about an error.
func queueWords(err error) error {
	switch {
	case errors.Is(err, queue.ErrUnknown):
		return errors.New("the queue has no such item; dealerbridge queue list shows what there is")
	case errors.Is(err, queue.ErrBusy):
		return errors.New("the item is being handled at this moment; try again")
	case errors.Is(err, queue.ErrState):
		return errors.New("its state does not allow that: parked and waiting items can be tried again, waiting ones parked")
	}
	return err
}

type queueListCmd struct {
	stateFlags
	Dealer    string `placeholder:"CODE" help:"Only this dealer."`
	Direction string `placeholder:"LANE" enum:",in,out,desk" default:"" help:"The items of this lane: in (from CRS), out (to CRS), desk (to the dealer's own system)."`
	Item      string `name:"item-state" placeholder:"STATE" enum:",waiting,working,done,parked" default:"" help:"The items in this state: waiting, working, done, parked."`
	After     int64  `placeholder:"NUMBER" help:"Go on behind this item."`
	Limit     int    `default:"100" help:"At most so many (${default})."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (queueListCmd) Help() string {
	return `Without --direction and --item-state the lanes are counted; with one of them their items are listed.`
}

// Run lists lanes or items.
func (c queueListCmd) Run(s *session) error {
	if c.Limit < 1 {
		return usage("--limit is at least 1")
	}
	return c.messageDesk(s, func(ctx context.Context, desk *app.MessageDesk) error {
		if c.Direction == "" && c.Item == "" {
			counts, err := desk.Queue.Counts(ctx)
			if err != nil {
				return err
			}
			return c.printCounts(s, counts)
		}
		f := queue.Filter{Lane: queue.Lane{Dealer: c.Dealer, Direction: queue.Direction(c.Direction)}, After: c.After, Most: c.Limit + 1}
		if c.Item != "" {
			f.States = []queue.State{queue.State(c.Item)}
		}
		items, err := desk.Queue.List(ctx, f)
		if err != nil {
			return err
		}
		return c.printItems(s, items)
	})
}

func (c queueListCmd) printCounts(s *session, counts []queue.Count) error {
	out := operator.QueueCounts(counts, c.Dealer)
	if c.JSON {
		return printJSON(s, out)
	}
	if len(out.Lanes) == 0 {
		_, err := fmt.Fprintln(s.out, "nothing waits")
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DEALER\tLANE\tWAITING\tWORKING\tPARKED\tOLDEST\tBLOCKED SINCE")
	for _, l := range out.Lanes {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\t%s\n", visible(l.Dealer), l.Direction, l.Waiting, l.Working, l.Parked, orDash(l.Oldest), orDash(l.BlockedSince))
	}
	return w.Flush()
}

func (c queueListCmd) printItems(s *session, items []queue.Item) error {
	page := operator.QueuePage(items, c.Limit)
	if c.JSON {
		return printJSON(s, page)
	}
	if len(page.Items) == 0 {
		_, err := fmt.Fprintln(s.out, "no items")
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NUMBER\tDEALER\tLANE\tSTATE\tKIND\tTRIES\tCAME\tNEXT TRY\tWHY")
	for _, i := range page.Items {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", i.Number, visible(i.Dealer), i.Direction, i.State, visible(i.Kind), i.Tries, i.EnqueuedAt, orDash(i.NextAt), orDash(i.Why))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if page.Next != nil {
		fmt.Fprintf(s.out, "more: --after %s\n", *page.Next)
	}
	return nil
}

// orDash is a text that may be missing.
func orDash(text *string) string {
	if text == nil {
		return "-"
	}
	return visible(*text)
}

type queueShowCmd struct {
	stateFlags
	Number int64 `arg:"" help:"Number of the item."`
	JSON   bool  `name:"json" help:"Print JSON."`
}

// Run shows an item.
func (c queueShowCmd) Run(s *session) error {
	return c.messageDesk(s, func(ctx context.Context, desk *app.MessageDesk) error {
		item, err := desk.Queue.Show(ctx, c.Number)
		if err != nil {
			return queueWords(err)
		}
		return printItem(s, item, c.JSON)
	})
}

func printItem(s *session, item queue.Item, asJSON bool) error {
	i := operator.QueueItem(item)
	if asJSON {
		return printJSON(s, i)
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" && value != "-" {
			fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("number", fmt.Sprint(i.Number))
	line("id", visible(i.ID))
	line("lane", visible(i.Dealer)+" "+string(i.Direction))
	line("state", string(i.State))
	line("kind", visible(i.Kind))
	line("order", orDash(i.Order))
	line("customer", orDash(i.Customer))
	line("priority", fmt.Sprint(i.Priority))
	line("came", i.EnqueuedAt)
	line("tries", fmt.Sprint(i.Tries))
	line("next try", orDash(i.NextAt))
	line("settled", orDash(i.SettledAt))
	line("why", orDash(i.Why))
	line("size", fmt.Sprintf("%d bytes", i.Bytes))
	if err := w.Flush(); err != nil {
		return err
	}
	if len(item.Body) > 0 {
		fmt.Fprintln(s.out)
		indented(s.out, item.Body)
	}
	return nil
}

type queueRetryCmd struct {
	stateFlags
	Number int64 `arg:"" help:"Number of the item."`
}

// Run tries an item again.
func (c queueRetryCmd) Run(s *session) error {
	return c.messageDesk(s, func(ctx context.Context, desk *app.MessageDesk) error {
		overtaken, err := desk.Queue.Retry(ctx, c.Number)
		if err != nil {
			return queueWords(err)
		}
		text := fmt.Sprintf("item %d goes at the next turn of its lane", c.Number)
		if overtaken > 0 {
			text += fmt.Sprintf("; %d later ones of the same request or conversation are through already", overtaken)
		}
		_, err = fmt.Fprintln(s.out, text)
		return err
	})
}

type queueParkCmd struct {
	stateFlags
	Number int64  `arg:"" help:"Number of the item."`
	Why    string `default:"set aside by hand" placeholder:"TEXT" help:"What to note (${default})."`
}

// Run sets an item aside.
func (c queueParkCmd) Run(s *session) error {
	return c.messageDesk(s, func(ctx context.Context, desk *app.MessageDesk) error {
		if err := desk.Queue.Park(ctx, c.Number, c.Why); err != nil {
			return queueWords(err)
		}
		_, err := fmt.Fprintf(s.out, "item %d is set aside; dealerbridge queue retry %d takes it back\n", c.Number, c.Number)
		return err
	})
}
