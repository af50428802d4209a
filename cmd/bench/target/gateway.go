package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/dealerbridge/dealerbridge/cmd/bench/yard"
)

// Dealer is the code of the yard's dealer.
const Dealer = "D900"

// Connections is how many connections to the database each server may have.
const Connections = 8

// Gateway starts the gateway as it is built for everybody: a configuration file,
// a mapping folder, a state folder and a client with a token. All of it lies in
// dir.
func Gateway(ctx context.Context, program, dir, dsn string, log io.Writer) (_ *Server, err error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "yard"), 0o700); err != nil {
		return nil, fmt.Errorf("making the mapping folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "yard", "rms.yaml"), yard.Mapping, 0o600); err != nil {
		return nil, fmt.Errorf("writing the mapping: %w", err)
	}
	file := filepath.Join(dir, "dealerbridge.yaml")
	text := fmt.Sprintf(`listen: %s
state: {path: state}
dealers:
  - code: %s
    mapping: yard
    database: {dsn: '${BENCH_DSN}', maxConnections: %d}
`, address, Dealer, Connections)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("writing the configuration: %w", err)
	}
	s := &Server{Name: "gateway", Address: "http://" + address}
	if err := s.run(ctx, "/readyz", log, []string{"BENCH_DSN=" + dsn}, program, "serve", "--config", file); err != nil {
		return nil, err
	}
	for n := range enrolled {
		if err := s.enrol(ctx, program, file, dsn, fmt.Sprintf("bench%d", n)); err != nil {
			return nil, errors.Join(err, s.Stop())
		}
	}
	if err := s.Renew(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// enrolled is how many OAuth clients ask. Sweeps of one client over the same
// customers stand side by side, four at most; no dealer has 32 callers that pull
// the same customers under one name.
const enrolled = 8

// enrol makes a client.
func (s *Server) enrol(ctx context.Context, program, file, dsn, id string) error {
	cmd := exec.CommandContext(ctx, program, "client", "add", id, "--dealer", Dealer, "--scope", "crs.read", "--config", file, "--json") //nolint:gosec // the program to measure
	cmd.Env = append(os.Environ(), "BENCH_DSN="+dsn)
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	var client struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal(out, &client); err != nil {
		return fmt.Errorf("reading the new client: %w", err)
	}
	s.clients = append(s.clients, clientcredentials.Config{
		ClientID: client.ID, ClientSecret: client.Secret, TokenURL: s.Address + "/oauth2/token", AuthStyle: oauth2.AuthStyleInHeader,
	})
	return nil
}

// Renew gets a token for every client the server knows; one is good for an hour.
// Nobody asks meanwhile.
func (s *Server) Renew(ctx context.Context) error {
	s.bearers = s.bearers[:0]
	for _, c := range s.clients {
		token, err := c.Token(ctx)
		if err != nil {
			return fmt.Errorf("asking for a token: %w", err)
		}
		s.bearers = append(s.bearers, token.AccessToken)
	}
	if len(s.bearers) > 0 {
		s.bearer = s.bearers[0]
	}
	return nil
}

// EnvDSN hands the database to the hand-written server.
const EnvDSN = "BENCH_DSN"

// Baseline starts the hand-written server: this same program in its other role.
func Baseline(ctx context.Context, dsn string, log io.Writer) (*Server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	s := &Server{Name: "baseline", Address: "http://" + address}
	if err := s.run(ctx, "/api/v1/location", log, []string{EnvDSN + "=" + dsn}, program, "baseline", address); err != nil {
		return nil, err
	}
	return s, nil
}
