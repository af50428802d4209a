package alert

import (
	"bytes"
	_ "embed"
	"fmt"
	html "html/template"
	"strings"
	text "text/template"
	"time"
	"unicode"
)

// shownAtMost bounds what one mail lists; the rest is a number.
const shownAtMost = 200

//go:embed mail.txt
var plainText string

//go:embed mail.html
var richText string

var (
	plain = text.Must(text.New("mail.txt").Parse(plainText))
	rich  = html.Must(html.New("mail.html").Parse(richText))
)

// letter is what the templates see.
type letter struct {
	Dealer string
	Title  string
	Count  int
	Alerts []line
	More   int
}

type line struct {
	At      string
	Subject string
	Details []string
	Look    bool // the command only shows what there is
	Command string
}

// compose writes one mail about a group of alerts.
func compose(g group, now time.Time) (Mail, error) {
	l := letter{Dealer: oneLine(g.dealer), Title: oneLine(g.alerts[0].Title), Count: len(g.alerts)}
	for i, a := range g.alerts {
		if i == shownAtMost {
			l.More = len(g.alerts) - i
			break
		}
		l.Alerts = append(l.Alerts, line{
			At: a.At.UTC().Format("2006-01-02 15:04 UTC"), Subject: oneLine(a.Subject), Details: details(a.Detail),
			Look: onlyShows(a.Command), Command: oneLine(a.Command),
		})
	}
	var p, r bytes.Buffer
	if err := plain.Execute(&p, l); err != nil {
		return Mail{}, fmt.Errorf("writing a mail: %w", err)
	}
	if err := rich.Execute(&r, l); err != nil {
		return Mail{}, fmt.Errorf("writing a mail: %w", err)
	}
	subject := fmt.Sprintf("[%s] %s", l.Dealer, l.Title)
	if l.Count > 1 {
		subject += fmt.Sprintf(" (%d)", l.Count)
	}
	return Mail{ID: mailID(g), To: g.to, Subject: subject, Text: p.String(), HTML: r.String(), At: now}, nil
}

// details are the lines of a detail: reasons, of which there may be several.
func details(s string) []string {
	var lines []string
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(oneLine(l)); l != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

// onlyShows says whether a command of ours changes nothing, so that it is
// something to look at rather than to do.
func onlyShows(command string) bool {
	words := strings.Fields(command)
	return len(words) > 2 && words[2] == "show"
}

// oneLine takes line breaks and other control characters out of a text, so that
// nothing that came from outside can look like a line of ours.
func oneLine(s string) string {
	out := []rune(s)
	for i, r := range out {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			out[i] = ' '
		}
	}
	return string(out)
}
