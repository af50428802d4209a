package cli_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/cli"
)

// steered is what stands before the address in what the sandbox says first.
const steered = "Caterpillar's side is played here; it is steered below "

func TestSandbox(t *testing.T) {
	t.Run("ItServesUntilItIsToldToStop", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		read, write := io.Pipe()
		code := make(chan int, 1)
		go func() {
			defer write.Close() // a sandbox that ends early ends the reading below, too
			code <- cli.Run(ctx, "v1-test", []string{"sandbox", "--listen", "127.0.0.1:0", "--leads", "3"}, write, io.Discard)
		}()
		var base string
		lines := bufio.NewScanner(read)
		for lines.Scan() {
			if address, found := strings.CutPrefix(lines.Text(), steered); found {
				base = strings.TrimSuffix(address, "/control")
			}
			if strings.HasPrefix(lines.Text(), "Ctrl-C") {
				break
			}
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/control/state", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), `"waiting":3`) {
			t.Errorf("got %s", text)
		}
		stop()
		if got := <-code; got != 0 {
			t.Errorf("ended with %d", got)
		}
	})
	t.Run("ItListensOnThisMachineOnly", func(t *testing.T) {
		for _, address := range []string{"0.0.0.0:0", ":8090", "here"} {
			if code, _, errs := run(t, "sandbox", "--listen", address); code != 2 || !strings.Contains(errs, "listen") {
				t.Errorf("%s: %d %s", address, code, errs)
			}
		}
	})
	t.Run("ItHelps", func(t *testing.T) {
		if code, out, _ := run(t, "sandbox", "--help"); code != 0 || !strings.Contains(out, "Usage: dealerbridge sandbox") {
			t.Errorf("%d %s", code, out)
		}
	})
}

func TestSandboxWithAGateway(t *testing.T) {
	posted := make(chan string, 1)
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := `{"access_token":"t"}`
		if r.URL.Path == "/api/v1/message" {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			posted <- string(body)
			answer = "{}"
		}
		if _, err := io.WriteString(w, answer); err != nil {
			panic(http.ErrAbortHandler)
		}
	}))
	defer gateway.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	read, write := io.Pipe()
	code := make(chan int, 1)
	go func() {
		defer write.Close() // a sandbox that ends early ends the reading below, too
		code <- cli.Run(ctx, "v1-test", []string{
			"sandbox", "--listen", "127.0.0.1:0", "--gateway", gateway.URL, "--dealer", "D300", "--gateway-client", "crs", "--gateway-secret", "s",
		}, write, io.Discard)
	}()
	var base string
	lines := bufio.NewScanner(read)
	for lines.Scan() {
		if address, found := strings.CutPrefix(lines.Text(), steered); found {
			base = strings.TrimSuffix(address, "/control")
		}
		if strings.HasPrefix(lines.Text(), "Ctrl-C") {
			break
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/control/portal/requests", strings.NewReader(`{"type":"service"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if body := <-posted; !strings.Contains(body, `"dealerCode":"D300"`) || !strings.Contains(body, `"requestType":"service"`) {
		t.Errorf("got %s", body)
	}
	stop()
	if got := <-code; got != 0 {
		t.Errorf("ended with %d", got)
	}
}
