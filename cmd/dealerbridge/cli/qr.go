package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/dealerbridge/dealerbridge/adapters"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/app"
	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/gen/qr/model"
	"github.com/dealerbridge/dealerbridge/server/qr"
)

type qrCmd struct {
	Code   string `arg:"" help:"Address in the code, its id, or a file with a picture of it (JPEG, PNG or GIF)."`
	Config string `short:"c" placeholder:"FILE" default:"dealerbridge.yaml" env:"DEALERBRIDGE_CONFIG" help:"Configuration file with the credentials, in its section qr (${default})."`
	Dealer string `placeholder:"CODE" help:"Look for the machine in this dealer's rental system only; else in all of the file."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (qrCmd) Help() string {
	return `Asks Caterpillar which machine a QR code belongs to and, where its serial number is known in a dealer's rental
system, tells on which contract and jobsite and with which customer it stands now. It needs a subscription, whose client id and secret stand in the configuration:

  qr: {clientId: dealer-qr, clientSecret: '${QR_SECRET}'}`
}

// Run asks for the machine and prints it.
func (c qrCmd) Run(s *session) error {
	id, err := c.id(s.ctx)
	if err != nil {
		return err
	}
	credentials, err := config.LoadQR(c.Config, s.env)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("no configuration at %s, so there are no credentials for QR codes; name it with --config FILE", c.Config)
	case err != nil:
		return err
	case credentials == nil:
		return fmt.Errorf("%s has no section qr with clientId and clientSecret; they come with a subscription to Caterpillar's QR code service", c.Config)
	}
	service, err := app.OpenQR(*credentials, s.now, slog.New(slog.NewTextHandler(s.err, nil)))
	if err != nil {
		return err
	}
	machine, err := service.Association(s.ctx, id)
	switch {
	case errors.Is(err, adapters.ErrNotFound):
		return fmt.Errorf("no machine is known for the code %s", visible(id))
	case errors.Is(err, adapters.ErrCredentials):
		return fmt.Errorf("check clientId and clientSecret below qr in %s: %w", c.Config, err)
	case errors.Is(err, adapters.ErrForbidden):
		return fmt.Errorf("the client below qr in %s may have no subscription to the QR code service: %w", c.Config, err)
	case err != nil:
		return err
	}
	stands := []stand{}
	if machine.SerialNumber != nil {
		if stands, err = c.stands(s, *machine.SerialNumber); err != nil {
			return err
		}
	}
	if c.JSON {
		return printJSON(s, struct {
			ID      string            `json:"id"`
			Machine model.Association `json:"machine"`
			Stands  []stand           `json:"stands"`
		}{id, machine, stands})
	}
	return printMachine(s, id, machine, stands)
}

// stand is a contract the machine is on now.
type stand struct {
	Dealer       string `json:"dealer"`
	Contract     string `json:"contract"`
	Jobsite      string `json:"jobsite,omitempty"`
	JobsiteName  string `json:"jobsiteName,omitempty"`
	Customer     string `json:"customer,omitempty"`
	CustomerName string `json:"customerName,omitempty"`
}

// stands asks the rental systems of the configuration. One that cannot answer
// is told of beside the answer: whose machine it is, is known all the same.
func (c qrCmd) stands(s *session, serial string) ([]stand, error) {
	codes := []string{c.Dealer}
	if c.Dealer == "" {
		var err error
		if _, codes, err = config.LoadState(c.Config, s.env); err != nil {
			return nil, err
		}
	}
	out := []stand{}
	for _, code := range codes {
		of, err := config.LoadDealer(c.Config, s.env, code)
		if err != nil && c.Dealer != "" {
			return nil, err
		}
		var found []adapters.MachineStand
		if err == nil {
			found, err = app.FindSerial(s.ctx, of.Dealer, serial, s.now)
		}
		if err != nil {
			fmt.Fprintf(s.err, "dealerbridge: where the machine stands could not be looked up: %v\n", err)
			continue
		}
		for _, f := range found {
			out = append(out, stand{code, f.ContractID, f.JobsiteID, f.JobsiteName, f.Customer, f.CustomerName})
		}
	}
	return out, nil
}

// id finds the id in what was given. A file goes before an id of its name.
func (c qrCmd) id(ctx context.Context) (string, error) {
	info, err := os.Stat(c.Code)
	if err == nil && info.Mode().IsRegular() {
		picture, err := os.Open(c.Code)
		if err != nil {
			return "", fmt.Errorf("opening the picture: %w", err)
		}
		defer picture.Close()
		id, err := qr.FromPicture(ctx, picture)
		if err != nil {
			return "", fmt.Errorf("%s: %w", c.Code, err)
		}
		return id, nil
	}
	switch strings.ToLower(filepath.Ext(c.Code)) {
	case ".jpg", ".jpeg", ".png", ".gif":
		if !strings.Contains(c.Code, "://") {
			return "", fmt.Errorf("there is no picture at %s", c.Code)
		}
	}
	return qr.ID(c.Code)
}

func printMachine(s *session, id string, m model.Association, stands []stand) error {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	line := func(name string, values ...*string) {
		var parts []string
		for _, v := range values {
			if v != nil && *v != "" {
				parts = append(parts, visible(*v))
			}
		}
		if len(parts) > 0 {
			fmt.Fprintf(w, "%s\t%s\n", name, strings.Join(parts, "  "))
		}
	}
	line("code", &id)
	line("serial number", m.SerialNumber)
	line("make", m.Make)
	line("SMCS code", m.SmcsCode)
	if g := m.MarketSegment; g != nil {
		line("segment", g.Code, g.Description)
		line("subsegment", g.SubSegmentCode, g.SubSegmentDescription)
	}
	if p := m.PrincipalWork; p != nil {
		line("principal work", p.Code, p.Description)
	}
	line("associated", m.CreateTime)
	for _, st := range stands {
		line("on contract", &st.Contract)
		line("  jobsite", &st.Jobsite, &st.JobsiteName)
		line("  customer", &st.Customer, &st.CustomerName)
		line("  dealer", &st.Dealer)
	}
	return w.Flush()
}

// visible keeps what comes from outside from steering the terminal.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}
