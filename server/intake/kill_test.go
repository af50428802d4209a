package intake_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/intake"
	"github.com/dealerbridge/dealerbridge/server/problem"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// childDir names the state of a process that takes messages until it is killed.
const childDir = "DEALERBRIDGE_TEST_INTAKE"

func openState(ctx context.Context, dir string) (*store.Store, *queue.Queue, *store.Attachments, error) {
	state, err := store.Open(ctx, store.Options{Path: filepath.Join(dir, "state.db")})
	if err != nil {
		return nil, nil, nil, err
	}
	files, err := state.Attachments("")
	q := queue.New(queue.Options{
		Storage: state.Queue(), Owner: "child", Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Sleep: func(ctx context.Context, _ time.Duration) error { <-ctx.Done(); return ctx.Err() },
	})
	return state, q, files, err
}

// serveUntilKilled is the other process: it says its address and serves.
func serveUntilKilled(dir string) error {
	_, q, files, err := openState(context.Background(), dir)
	if err != nil {
		return err
	}
	in, err := intake.New(intake.Options{Queue: q, Files: files, Known: func(dealer string) bool { return dealer == "D100" }})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	return (&http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := in.Receive(w, r, intake.Sender{Client: "crs-1", Dealers: []string{"D100"}}); err != nil {
			problem.Write(w, r, slog.New(slog.DiscardHandler), err)
		}
	})}).Serve(listener)
}

// kills is how often the process is killed.
const kills = 40

// What was answered with 200 is there, whole and once, whenever the process is
// killed; what was not answered is there after it was posted again, once as well.
func TestNothingIsLostWhenTheProcessIsKilled(t *testing.T) {
	dir := t.TempDir()
	bodies := map[string]bool{} // answered with 200
	var (
		mu                    sync.Mutex
		made, unseen, repeats int
	)
	open := []string{} // bodies that were not answered yet
	next := func() string {
		mu.Lock()
		defer mu.Unlock()
		if n := len(open); n > 0 {
			body := open[n-1]
			open = open[:n-1]
			repeats++
			return body
		}
		made++
		contents := ""
		if made%3 == 0 {
			contents = strings.Repeat("QUJD", 1000*(made%40))
		}
		return service(fmt.Sprint("m-", made), contents)
	}
	for round := range kills {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
		child.Env = append(os.Environ(), childDir+"="+dir)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		url := "http://" + strings.TrimSpace(line)
		answers := rand.IntN(30) // after so many it is killed, while others are under way
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		var wait sync.WaitGroup
		enough := make(chan struct{})
		var once sync.Once
		if answers == 0 {
			once.Do(func() { close(enough) })
		}
		seen := 0
		for range 4 {
			wait.Go(func() {
				for {
					body := next()
					resp, err := client.Post(url, "application/json", strings.NewReader(body))
					var echo []byte
					if err == nil {
						echo, err = io.ReadAll(resp.Body)
						_ = resp.Body.Close()
					}
					mu.Lock()
					if err != nil || resp.StatusCode != http.StatusOK {
						open = append(open, body)
						unseen++
						mu.Unlock()
						return
					}
					if !strings.HasSuffix(string(echo), body[1:]) {
						t.Error("an echo is not the message")
					}
					bodies[body] = true
					if seen++; seen == answers {
						once.Do(func() { close(enough) })
					}
					mu.Unlock()
				}
			})
		}
		go func() { // all of them gave up
			wait.Wait()
			once.Do(func() { close(enough) })
		}()
		<-enough
		if err := child.Process.Kill(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		_ = child.Wait() // says that it was killed
		wait.Wait()
	}
	state, q, files, err := openState(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	}()
	found := map[string]int{}
	for after := int64(0); ; {
		items, err := q.List(t.Context(), queue.Filter{Lane: queue.Lane{Dealer: "D100", Direction: queue.In}, After: after, Most: 500})
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 0 {
			break
		}
		for _, i := range items {
			after = i.Number
			item, err := q.Show(t.Context(), i.Number)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := attachment.Join(t.Context(), files, "D100", item.Body)
			if err != nil {
				t.Fatalf("message %d: %v", i.Number, err)
			}
			found[string(whole)]++
		}
	}
	for body := range bodies {
		if found[body] != 1 {
			t.Errorf("a message that was answered is there %d times", found[body])
		}
		delete(found, body)
	}
	for body, n := range found {
		if n != 1 {
			t.Errorf("a message that was not answered is there %d times: %.80s", n, body)
		}
	}
	t.Logf("%d kills, %d messages answered, %d calls without an answer, %d posted again", kills, len(bodies), unseen, repeats)
}
