package app

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
	"github.com/dealerbridge/dealerbridge/server/sandbox"
)

// SandboxOptions is what a sandbox run by itself is made of.
type SandboxOptions struct {
	Listener net.Listener // closed when the sandbox ends
	Dealer   string       // whose leads and customers are played, and whose the client is; "" is the sandbox's own
	Seed     uint64
	Leads    int // how many leads wait at the beginning
	// Gateways are those whose dealers get messages of the Cat Rental Store.
	Gateways []sandbox.Dealer
	Log      *slog.Logger
	Now      func() time.Time
}

// Sandbox is where its services are found.
type Sandbox struct {
	Token, Leads, QR string // addresses, as a dealer's configuration has them
	Messages         string
	Control          string
	Dealer           string // code
	ClientID, Secret string

	played   *sandbox.Sandbox
	server   *httpServer
	listener net.Listener
}

// OpenSandbox makes the sandbox: Caterpillar's services, simulated.
func OpenSandbox(o SandboxOptions) (*Sandbox, error) {
	client := sandbox.DefaultClient
	if o.Dealer != "" {
		client.Dealer = o.Dealer
	}
	played, err := sandbox.New(sandbox.Options{Clients: []sandbox.Client{client}, Seed: o.Seed, Leads: o.Leads, Now: o.Now})
	if err != nil {
		return nil, err
	}
	for _, g := range o.Gateways {
		if err := played.Connect(g); err != nil {
			return nil, err
		}
	}
	base := "http://" + o.Listener.Addr().String()
	s := &Sandbox{
		Token: base + sandbox.TokenPath, Leads: base + sandbox.LeadBase, QR: base + sandbox.QRPath, Control: base + "/control",
		Messages: base + sandbox.MessagePath, played: played,
		Dealer: client.Dealer, ClientID: client.ID, Secret: client.Secret,
		server: newHTTPServer(config.Default(), played, nil, o.Log), listener: o.Listener,
	}
	s.server.WriteTimeout = 0 // scripted delays are as long as they are asked to be
	return s, nil
}

// Run serves until ctx ends, and sends what customers cause to the gateways it
// knows. Delayed answers end with it.
func (s *Sandbox) Run(ctx context.Context) error {
	s.server.BaseContext = func(net.Listener) context.Context { return ctx }
	delivering, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.played.RunPortal(delivering)
	}()
	err := s.server.run(ctx, s.listener, func() {})
	stop()
	<-ended
	return err
}
