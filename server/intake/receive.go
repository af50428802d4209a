package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dealerbridge/dealerbridge/gen/crs/model"
	"github.com/dealerbridge/dealerbridge/server/attachment"
	"github.com/dealerbridge/dealerbridge/server/problem"
	"github.com/dealerbridge/dealerbridge/server/queue"
	"github.com/dealerbridge/dealerbridge/server/request"
)

// message is one message on its way in.
type message struct {
	sender   Sender
	body     attachment.Body
	read     request.Incoming
	priority int
	id       string    // of the queue's item; equal for repeats
	enqueued time.Time // whole seconds

	begun     time.Time // receiving it, on the machine's clock
	answering patience  // with the sender, while he reads the answer
}

// Receive takes one message and answers it. An error is to be answered by
// package problem; then nothing of an answer is out, or the connection is to be
// broken.
func (i *Intake) Receive(w http.ResponseWriter, r *http.Request, sender Sender) (dealer string, err error) {
	select {
	case i.room <- struct{}{}:
		defer func() { <-i.room }()
	default:
		return "", problem.ErrOverloaded
	}
	if err := acceptable(r); err != nil {
		return "", err
	}
	if r.ContentLength > i.o.MaxBody {
		return "", problem.ErrTooLarge
	}
	ctx := r.Context()
	m := &message{sender: sender, begun: time.Now()}
	defer func() {
		if gone := m.body.Discard(); gone != nil {
			i.o.Log.WarnContext(ctx, "what was received of a message could not be removed", "err", gone)
		}
		i.count(m.read.Dealer, err)
	}()
	if err := i.receive(ctx, w, r, m); err != nil {
		return "", err
	}
	if err := i.understand(ctx, m); err != nil {
		return "", err
	}
	if err := i.keep(ctx, m); err != nil {
		return m.read.Dealer, err
	}
	return m.read.Dealer, i.echo(w, m)
}

// count counts what was not taken. Only a dealer that is known names a metric.
func (i *Intake) count(dealer string, err error) {
	if dealer != "" && !i.o.Known(dealer) {
		dealer = ""
	}
	switch {
	case err == nil:
	case problem.Status(err) < http.StatusInternalServerError:
		i.o.Happens(dealer, Refused)
	default:
		i.o.Happens(dealer, Failed)
	}
}

// acceptable looks at what the head says of the body.
func acceptable(r *http.Request) error {
	if kind := r.Header.Get("Content-Type"); kind != "" && kind != "application/json" {
		media, parameters, err := mime.ParseMediaType(kind)
		charset := strings.ToLower(parameters["charset"])
		if err != nil || media != "application/json" || charset != "" && charset != "utf-8" {
			return fmt.Errorf("a body that is no JSON: %w", problem.ErrUnsupportedMediaType)
		}
	}
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
		return nil
	}
	return fmt.Errorf("a packed body: %w", problem.ErrUnsupportedMediaType)
}

// receive reads the body.
func (i *Intake) receive(ctx context.Context, w http.ResponseWriter, r *http.Request, m *message) error {
	rc, until := http.NewResponseController(w), m.begun.Add(i.o.Whole)
	body := &steady{from: http.MaxBytesReader(w, r.Body, i.o.MaxBody), more: patience{stall: i.o.Stall, until: until, set: rc.SetReadDeadline}}
	// The answer has its time from here on, however long receiving takes. Where that
	// took no time, the connection is as the server gave it.
	m.answering = patience{stall: i.o.Stall, until: until, set: rc.SetWriteDeadline, last: m.begun}
	defer func() { _ = m.answering.extend() }()
	var err error
	m.body, err = attachment.Split(ctx, body, attachment.Limits{Text: i.o.MaxText}, i.o.Files.Spool)
	var large *http.MaxBytesError
	var text *attachment.TextError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &large):
		return fmt.Errorf("reading a message: %w", problem.ErrTooLarge)
	case errors.As(err, &text):
		return problem.BadMessage(model.ProblemFault{Path: "body", Message: text.Error()})
	case errors.Is(err, attachment.ErrTooLong):
		return err
	case body.err == nil: // it was not the reading that failed
		return fmt.Errorf("%w: %w", problem.ErrNotKept, err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("reading a message: %w: %w", context.DeadlineExceeded, err)
	}
	return fmt.Errorf("reading a message: %w: %w", context.Canceled, err) // the sender went away
}

// steady reads a body from a sender that may take its time, as long as
// something moves.
type steady struct {
	from io.Reader
	more patience
	err  error // how reading failed
}

func (s *steady) Read(p []byte) (int, error) {
	if err := s.more.extend(); err != nil {
		s.err = err
		return 0, err
	}
	n, err := s.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// understand finds every fault of the message at once, and whose it is.
func (i *Intake) understand(ctx context.Context, m *message) error {
	select {
	case i.desk <- struct{}{}:
		defer func() { <-i.desk }()
	case <-ctx.Done():
		return fmt.Errorf("waiting to understand a message: %w", ctx.Err())
	}
	read, err := request.Read("", m.body.Text)
	if err != nil {
		return i.faulty(m, err)
	}
	m.read = read
	if err := i.foreign(m); err != nil {
		return err
	}
	var faults []model.ProblemFault
	fault := func(path, text string) { faults = append(faults, model.ProblemFault{Path: path, Message: text}) }
	if !i.o.Known(read.Dealer) {
		fault("dealerCode", "is not known") // R192
	}
	if m.sender.Dealer != "" && m.sender.Dealer != read.Dealer {
		fault("dealerCode", "is another one than the dealer parameter names")
	}
	if len(read.Customer) > mostName {
		fault("customerNumber", fmt.Sprintf("is longer than %d bytes", mostName))
	}
	if m.priority, err = priority(read.Priority); err != nil {
		fault("submittedPriority", err.Error())
	}
	if len(faults) > 0 {
		return problem.BadMessage(faults...)
	}
	m.id = m.name()
	return nil
}

// mostName is how long a text may be that the queue finds items by, in bytes.
const mostName = 200

// faulty lists what is wrong with a body, unless it is another dealer's: whose
// it is can be plain all the same, and then its faults are nobody's business.
func (i *Intake) faulty(m *message, cause error) error {
	found := request.Check(m.body.Text)
	if len(found) == 0 {
		return fmt.Errorf("understanding a message: %w", cause)
	}
	var envelope struct {
		DealerCode string `json:"dealerCode"`
	}
	if json.Unmarshal(m.body.Text, &envelope) == nil && envelope.DealerCode != "" {
		m.read.Dealer = envelope.DealerCode
		if err := i.foreign(m); err != nil {
			return err
		}
	}
	faults := make([]model.ProblemFault, len(found))
	for n, f := range found {
		faults[n] = model.ProblemFault{Path: f.Path, Message: f.Reason}
		if f.Path == "" {
			faults[n].Path = "body"
		}
	}
	return problem.BadMessage(faults...)
}

// foreign refuses a message for a dealer the sender may not post for. A code
// that nobody knows is a fault of the body and none of permission (R192).
func (i *Intake) foreign(m *message) error {
	if slices.Contains(m.sender.Dealers, m.read.Dealer) || !i.o.Known(m.read.Dealer) {
		return nil
	}
	return fmt.Errorf("a message for a dealer that is not the client's: %w", problem.ErrForbiddenDealer)
}

// The bounds of a priority; the queue has them, too.
const mostPriority = 1000

// priority is 1 where a message does not say (R186).
func priority(sent *int64) (int, error) {
	switch {
	case sent == nil:
		return 1, nil
	case *sent < -mostPriority || *sent > mostPriority:
		return 0, fmt.Errorf("is not between -%d and %d", mostPriority, mostPriority)
	default:
		return int(*sent), nil
	}
}

// name is what a repeat has in common with the first (R208): dealer, client, the
// sender's id, and the content.
func (m *message) name() string {
	sum := sha256.New()
	var named []byte
	for _, part := range []string{m.read.Dealer, m.sender.Client, m.read.MessageID} {
		named = append(append(strconv.AppendInt(named, int64(len(part)), 10), ':'), part...)
	}
	sum.Write(named)
	sum.Write(m.body.Digest[:])
	return hex.EncodeToString(sum.Sum(nil)[:20])
}

// data says whether a message only tells that something changed (R204).
func (m *message) data() bool { return m.read.Kind != "request" && m.read.Kind != "message" }

// keep makes the message durable: its files first, then itself.
func (i *Intake) keep(ctx context.Context, m *message) error {
	now := i.o.Now()
	m.enqueued = now.UTC().Truncate(time.Second)
	dealer := m.read.Dealer
	if m.data() { // R205: they tell CRS to pull, and we are not CRS
		i.o.Happens(dealer, Ignored)
		return nil
	}
	lane := queue.Lane{Dealer: dealer, Direction: queue.In}
	if m.body.Files != nil {
		first, err := i.o.Queue.Find(ctx, lane, m.id)
		switch {
		case err == nil: // its files are kept already
			return i.repeat(m, first)
		case !errors.Is(err, queue.ErrUnknown):
			return fmt.Errorf("%w: %w", problem.ErrNotKept, err)
		}
		bundle := attachment.Bundle{ID: m.body.Bundle, Dealer: dealer, Customer: m.read.Customer, Message: m.id, Made: now}
		if err := i.o.Files.Keep(ctx, bundle, m.body.Files); err != nil {
			return errors.Join(fmt.Errorf("%w: %w", problem.ErrNotKept, err), i.o.Files.Drop(context.WithoutCancel(ctx), dealer, m.body.Bundle))
		}
	}
	receipts, err := i.o.Queue.Push(ctx, queue.Item{
		Lane: lane, ID: m.id, OrderKey: orderKey(&m.read), Priority: m.priority, Kind: m.read.Kind, Customer: m.read.Customer,
		Body: m.body.Text, Enqueued: m.enqueued,
	})
	if err != nil {
		// It may be there all the same, so its files stay; a repeat finds it.
		return fmt.Errorf("%w: %w", problem.ErrNotKept, err)
	}
	if receipts[0] == queue.Repeated {
		return i.knownAlready(ctx, m, lane)
	}
	i.o.Happens(dealer, Taken)
	if gap := now.Sub(m.read.Submitted).Abs(); gap >= i.o.LateFrom {
		i.o.Happens(dealer, Late)
		i.o.Log.WarnContext(ctx, "a message's time is far from the gateway's", "dealer", dealer, "difference", gap.Round(time.Second))
	}
	return nil
}

// knownAlready is for a message that turned out to be a repeat when it was
// pushed.
func (i *Intake) knownAlready(ctx context.Context, m *message, lane queue.Lane) error {
	first, err := i.o.Queue.Find(ctx, lane, m.id)
	if err != nil {
		return fmt.Errorf("%w: %w", problem.ErrNotKept, err)
	}
	// Another one came first, with the same files in a bundle of its own. Where the
	// text is the same, references and all, it was this one: a push was begun anew
	// that had been done.
	if m.body.Files != nil && !bytes.Equal(first.Body, m.body.Text) {
		if err := i.o.Files.Drop(ctx, lane.Dealer, m.body.Bundle); err != nil {
			i.o.Log.WarnContext(ctx, "the files of a repeated message could not be removed", "dealer", lane.Dealer, "err", err)
		}
	}
	return i.repeat(m, first)
}

func (i *Intake) repeat(m *message, first queue.Item) error {
	m.enqueued = first.Enqueued
	i.o.Happens(m.read.Dealer, Repeated)
	return nil
}

// orderKey is what the message must not be overtaken within, cut to the length a
// key may have.
func orderKey(in *request.Incoming) string {
	key := in.Order()
	if len(key) <= mostName {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return in.Kind + ":" + hex.EncodeToString(sum[:])
}
