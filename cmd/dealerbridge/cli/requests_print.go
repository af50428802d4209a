package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/gen/operator/model"
	"github.com/dealerbridge/dealerbridge/server/messaging"
	"github.com/dealerbridge/dealerbridge/server/request"
)

func printRequests(s *session, page model.RequestPage, asJSON bool) error {
	if asJSON {
		return printJSON(s, page)
	}
	if len(page.Items) == 0 {
		_, err := fmt.Fprintln(s.out, "no requests")
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "REQUEST\tTYPE\tSTATE\tCUSTOMER\tCHANGED\tTITLE")
	for _, r := range page.Items {
		customer := orDash(r.Customer)
		if r.CustomerUnknown {
			customer += " (unknown)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", visible(r.ID), r.Type, r.Status, customer, r.ChangedAt, orDash(r.Title))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if page.Next != nil {
		fmt.Fprintf(s.out, "more: --after %s\n", *page.Next)
	}
	return nil
}

func printRequest(s *session, v model.RequestView, asJSON bool) error {
	if asJSON {
		return printJSON(s, v)
	}
	var b bytes.Buffer
	r := v.Summary
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" && value != "-" {
			fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("request", visible(r.ID))
	line("at CRS", orDash(r.PartnerID))
	line("type", string(r.Type))
	line("state", string(r.Status))
	line("made by", string(r.Origin))
	line("customer", orDash(r.Customer))
	if r.CustomerUnknown {
		line("", "the dealer knows no customer of this number")
	}
	line("title", orDash(r.Title))
	line("disposition", orDash(r.Disposition))
	line("made", r.CreatedAt)
	line("changed", r.ChangedAt)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(&b)
	indented(&b, v.Request)
	for _, u := range v.Updates {
		fmt.Fprintf(&b, "\n%s  %s by %s", u.At, visible(u.Status), u.Side)
		if u.UserName != nil {
			fmt.Fprintf(&b, " (%s)", visible(*u.UserName))
		}
		if u.Title != nil {
			fmt.Fprintf(&b, ": %s", visible(*u.Title))
		}
		fmt.Fprintln(&b)
		for _, detail := range []struct {
			name string
			text *string
		}{{"", u.Text}, {"date ", u.Date}, {"disposition ", u.Disposition}, {"refused by CRS: ", u.Refused}} {
			if detail.text != nil {
				fmt.Fprintf(&b, "  %s%s\n", detail.name, visible(*detail.text))
			}
		}
	}
	for _, f := range v.Files {
		fmt.Fprintf(&b, "\nfile %d  %s  %s", f.Number, visible(f.Name), visible(f.Type))
	}
	if len(v.Files) > 0 {
		fmt.Fprintln(&b)
	}
	if len(v.Allowed) > 0 {
		fmt.Fprintf(&b, "\nwhat can be done now, with: dealerbridge requests update %s STEP\n", visible(r.ID))
		for _, a := range v.Allowed {
			fmt.Fprintf(&b, "  %s: %s", stepOf(a), a.What)
			if a.Need != nil {
				fmt.Fprintf(&b, "; needs: %s", *a.Need)
			}
			if a.Advice != nil {
				fmt.Fprintf(&b, "; should carry: %s", advised(*a.Advice))
			}
			fmt.Fprintln(&b)
		}
	}
	for i := range v.Conversations {
		printChain(&b, &v.Conversations[i])
	}
	_, err := s.out.Write(b.Bytes())
	return err
}

// stepOf is the name of the step that is allowed.
func stepOf(a model.AllowedMove) string {
	names := []string{"receive", "schedule", "quote", "close", "return"}
	if a.Need != nil && *a.Need == string(request.TitledCanceled) {
		names = []string{"cancel"}
	}
	for _, name := range names {
		if m, ok := messaging.Verb(name); ok && string(m.To) == a.Status {
			return name
		}
	}
	return visible(a.Status)
}

func printChains(s *session, page model.ConversationPage, asJSON bool) error {
	if asJSON {
		return printJSON(s, page)
	}
	if len(page.Items) == 0 {
		_, err := fmt.Fprintln(s.out, "no conversations")
		return err
	}
	var b bytes.Buffer
	for i := range page.Items {
		printChain(&b, &page.Items[i])
	}
	if page.Next != nil {
		fmt.Fprintf(&b, "more: --after %s\n", *page.Next)
	}
	_, err := s.out.Write(b.Bytes())
	return err
}

func printChain(w io.Writer, c *model.Conversation) {
	fmt.Fprintf(w, "\nconversation %s  customer %s  contract %s  asset %s", visible(c.ID), orDash(c.Customer), orDash(c.Contract), asset(c.Asset))
	if !c.Active {
		fmt.Fprint(w, "  (over)")
	}
	fmt.Fprintln(w)
	for _, l := range c.Lines {
		who := string(l.Side)
		if l.UserName != nil {
			who += " (" + visible(*l.UserName) + ")"
		}
		fmt.Fprintf(w, "  %s  %s: %s\n", l.At, who, visible(l.Text))
	}
}

func asset(a model.AssetName) string {
	for _, name := range []*string{a.RentedAssetID, a.EquipmentAssetID, a.SerialNumber} {
		if name != nil {
			return visible(*name)
		}
	}
	return "-"
}

// saveFile writes one file of a request below a directory; what is there stays.
func saveFile(ctx context.Context, s *session, desk *app.MessageDesk, dealer, dir string, n int, f request.File) (err error) {
	from, err := desk.File(ctx, dealer, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder for files: %w", err)
	}
	path := filepath.Join(dir, fmt.Sprintf("%d-%s", n, f.SafeName()))
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("saving a file: %w", err)
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if _, err := io.Copy(to, from); err != nil {
		return fmt.Errorf("saving a file: %w", err)
	}
	_, err = fmt.Fprintf(s.err, "saved %s\n", path)
	return err
}

// advised says with which flags a step is given what it should carry.
func advised(advice string) string {
	return strings.NewReplacer("updateDate", "--date", "disposition", "--disposition").Replace(advice)
}
