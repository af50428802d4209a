//go:build unix

package queue_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/store"
)

// siege is three gateway processes on one state, a partner they deliver to, and
// somebody who does not wish them well.
type siege struct {
	t     *testing.T
	o     gatewayOptions
	sink  *httptest.Server
	rand  *rand.Rand // of the evil one alone
	names int
	harms int

	mu        sync.Mutex
	processes []*gatewayProcess
	arrived   map[string][]string // by lane and key: ids in the order of their first arrival
	times     map[string]int      // by lane and id: arrivals
	count     int
	beats     chan struct{} // one for each arrival, and for each push that was left without an answer
	faults    *rand.Rand
	counts    map[string]int
}

type gatewayProcess struct {
	name    string
	cmd     *exec.Cmd
	out     io.ReadCloser
	address string
	stopped bool
}

func besiege(t *testing.T, state store.Options, lanes []queue.Lane) *siege {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := &siege{
		t: t, rand: rand.New(rand.NewPCG(seed, 1)), faults: rand.New(rand.NewPCG(seed, 2)),
		arrived: map[string][]string{}, times: map[string]int{}, counts: map[string]int{}, beats: make(chan struct{}, 1<<16),
	}
	s.sink = httptest.NewServer(http.HandlerFunc(s.take))
	s.o = gatewayOptions{State: state, Lanes: lanes, Sink: s.sink.URL, Call: 500 * time.Millisecond, Margin: 250 * time.Millisecond}
	t.Cleanup(func() {
		for _, p := range s.processes {
			s.kill(p)
		}
		s.sink.Close()
	})
	for range 3 {
		s.processes = append(s.processes, s.start())
	}
	return s
}

// take is the partner: it notes what comes, and sometimes fails before, or
// answers nothing after.
func (s *siege) take(w http.ResponseWriter, r *http.Request) {
	var d delivery
	if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
		s.t.Errorf("what was delivered cannot be read: %v", err)
		return
	}
	s.mu.Lock()
	fault := s.faults.IntN(20)
	if fault == 0 {
		s.counts["refused"]++
		s.mu.Unlock()
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	}
	id := d.Lane.String() + " " + d.ID
	if s.times[id]++; s.times[id] == 1 {
		key := d.Lane.String() + " " + d.Key
		s.arrived[key] = append(s.arrived[key], d.ID)
		s.count++
	} else {
		s.counts["repeats"]++
		if d.Tries < 2 {
			s.counts["repeats of a first try"]++
		}
	}
	s.counts["answers withheld"] += map[int]int{1: 1}[fault]
	s.mu.Unlock()
	s.beats <- struct{}{}
	if fault == 1 {
		panic(http.ErrAbortHandler) // acted upon, and the answer is lost
	}
}

func (s *siege) start() *gatewayProcess {
	s.t.Helper()
	o := s.o
	s.names++
	o.Owner = fmt.Sprint("p", s.names)
	said, err := json.Marshal(o)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(said))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	p := &gatewayProcess{name: o.Owner, cmd: cmd, out: out}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		// A process that was halted may hold the file the new one wants to open.
		woken := s.wake()
		if err := cmd.Wait(); err == nil || woken == 0 {
			s.t.Fatalf("a process did not start: %v", err)
		}
		return s.start()
	}
	p.address = strings.TrimSpace(line)
	return p
}

// wake has every process go on and says how many were halted.
func (s *siege) wake() (n int) {
	for _, p := range s.processes {
		if p.stopped {
			s.signal(p, syscall.SIGCONT)
			p.stopped = false
			n++
		}
	}
	return n
}

func (s *siege) signal(p *gatewayProcess, sig syscall.Signal) {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Errorf("signalling a process: %v", err)
	}
}

func (s *siege) kill(p *gatewayProcess) {
	s.signal(p, syscall.SIGKILL)
	if err := p.cmd.Wait(); err == nil {
		return
	}
}

// push has some process take an item, and another one when that does not
// answer, until one says that it is durable.
func (s *siege) push(ctx context.Context, draw *rand.Rand, item queue.Item) error {
	body, err := json.Marshal(item)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for tried := 0; ctx.Err() == nil; tried++ {
		s.mu.Lock()
		address := s.processes[draw.IntN(len(s.processes))].address
		s.mu.Unlock()
		resp, err := client.Post("http://"+address, "application/json", bytes.NewReader(body))
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			s.beats <- struct{}{}
		}
		if err != nil {
			continue
		}
		answer, err := io.ReadAll(resp.Body)
		err = errors.Join(err, resp.Body.Close())
		if err == nil && resp.StatusCode != http.StatusOK {
			s.beats <- struct{}{}
		}
		if err != nil || resp.StatusCode != http.StatusOK {
			continue
		}
		s.mu.Lock()
		s.counts["pushed"]++
		s.counts["pushed again"] += min(tried, 1)
		s.counts["known again"] += map[string]int{string(queue.Repeated): 1}[string(answer)]
		s.mu.Unlock()
		return nil
	}
	return ctx.Err()
}

// wait lets so many items arrive. Where nothing can arrive, since the process
// that was halted holds the file or a row, what cannot be pushed counts as
// well: otherwise nobody would wake it.
func (s *siege) wait(n int, over <-chan struct{}) bool {
	for range n {
		select {
		case <-s.beats:
		case <-over:
			return false
		}
	}
	return true
}

// harm does one bad thing.
func (s *siege) harm(restart func()) {
	n := s.rand.IntN(len(s.processes))
	p := s.processes[n]
	what := s.rand.IntN(10)
	if s.harms++; s.harms < 3 {
		what = 4 * s.harms // at least one of each
	}
	switch {
	case what == 0 && restart != nil:
		s.counted("restarts of the database")
		restart()
	case p.stopped:
		s.signal(p, syscall.SIGCONT)
		p.stopped = false
	case what < 5 && !slices.ContainsFunc(s.processes, func(p *gatewayProcess) bool { return p.stopped }):
		s.counted("SIGSTOP")
		s.signal(p, syscall.SIGSTOP)
		p.stopped = true
	default:
		s.counted("SIGKILL")
		s.kill(p)
		fresh := s.start()
		s.mu.Lock()
		s.processes[n] = fresh
		s.mu.Unlock()
	}
}

func (s *siege) counted(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[what]++
}

// run pushes items into every lane while so many bad things happen, and checks
// what arrived.
func (s *siege) run(harms int, restart func()) {
	keys := []string{"", "A", "B", "C"}
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	var producers sync.WaitGroup
	enough := make(chan struct{})
	pushed := make(map[string]int) // by lane and key
	for l, lane := range s.o.Lanes {
		for k, key := range keys {
			draw := rand.New(rand.NewPCG(s.rand.Uint64(), 3))
			producers.Go(func() {
				n := 0
				for ; ; n++ {
					select {
					case <-enough:
						s.mu.Lock()
						pushed[lane.String()+" "+key] = n
						s.mu.Unlock()
						return
					default:
					}
					err := s.push(ctx, draw, queue.Item{
						Lane: lane, ID: fmt.Sprintf("%d/%d/%04d", l, k, n), OrderKey: key, Kind: "request",
						Priority: draw.IntN(3), Body: make([]byte, draw.IntN(5000)),
					})
					if err != nil {
						s.t.Errorf("pushing into %s: %v", lane, err)
						return
					}
				}
			})
		}
	}
	for range harms {
		if !s.wait(1+s.rand.IntN(12), ctx.Done()) {
			break
		}
		s.harm(restart)
	}
	s.wake()
	close(enough)
	pushing := make(chan struct{})
	go func() { producers.Wait(); close(pushing) }()
	for s.wait(1, pushing) { // so that nobody waits for room to tell of an arrival
	}
	total := 0
	for _, n := range pushed {
		total += n
	}
	for s.delivered() < total && ctx.Err() == nil {
		s.wait(1, ctx.Done())
	}
	s.check(ctx, keys, pushed)
}

func (s *siege) delivered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

func (s *siege) check(ctx context.Context, keys []string, pushed map[string]int) {
	t := s.t
	state, err := store.Open(ctx, s.o.State)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	}()
	q := state.Queue()
	// The last ones may have arrived without their processes having said so.
	for left := true; left && ctx.Err() == nil; {
		counts, err := q.Counts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if left = len(counts) > 0; left && counts[0].Parked > 0 {
			t.Fatalf("parked: %+v", counts)
		}
	}
	for _, p := range s.processes {
		s.signal(p, syscall.SIGTERM)
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("a process did not end in good order: %v", err)
		}
	}
	for _, lane := range s.o.Lanes {
		now := time.Now()
		// Given back in good order, a lane is free before any lease could be over.
		turn, err := q.Turn(ctx, queue.Claim{Lane: lane, Owner: "afterwards", Until: now.Add(time.Minute)}, now.Add(-time.Hour), nil)
		if err != nil || turn.Item != nil {
			t.Errorf("lane %s in the end: %+v %v", lane, turn, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Logf("%d items: %v", s.count, s.counts)
	for l, lane := range s.o.Lanes {
		for k, key := range keys {
			got := s.arrived[lane.String()+" "+key]
			if want := pushed[lane.String()+" "+key]; len(got) != want {
				t.Errorf("%s %q: %d items arrived, want %d", lane, key, len(got), want)
			}
			if key == "" {
				continue // those have priorities
			}
			for n, id := range got {
				if want := fmt.Sprintf("%d/%d/%04d", l, k, n); id != want {
					t.Errorf("%s %q: %s arrived where %s was due", lane, key, id, want)
					break
				}
			}
		}
	}
	// Each harm leaves at most one item of each lane unsettled.
	if n, most := s.counts["repeats"], s.counts["answers withheld"]+s.harms*len(s.o.Lanes); n > most {
		t.Errorf("%d repeats, more than the %d that harm can explain", n, most)
	}
	if n := s.counts["repeats of a first try"]; n > 0 {
		t.Logf("%d repeats came of a first try: from processes that were halted between asking and sending", n)
	}
	if s.counts["SIGKILL"] == 0 || s.counts["SIGSTOP"] == 0 {
		t.Error("nobody was killed or halted; the test proves nothing")
	}
}

func siegeLanes() []queue.Lane {
	var lanes []queue.Lane
	for _, d := range []string{"D100", "D200", "D300"} {
		lanes = append(lanes, queue.Lane{Dealer: d, Direction: queue.In}, queue.Lane{Dealer: d, Direction: queue.Out})
	}
	return lanes
}

func TestThreeProcessesOnOneFile(t *testing.T) {
	besiege(t, store.Options{Path: filepath.Join(t.TempDir(), "state.db")}, siegeLanes()).run(40, nil)
}
