package request

import (
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"
)

// QuoteRequired says whether the customer wants to see a quote before anything
// else; missing and empty text mean no (R262, R263).
func (r *Record) QuoteRequired() bool {
	yes, _ := read(r.Request).get("properties", "quoteRequired").flag()
	return yes
}

// Flag reads a yes or no of the request's properties that may be a boolean or
// text (R263); known is false where it is neither.
func (r *Record) Flag(name string) (yes, known bool) {
	return read(r.Request).get("properties", name).flag()
}

// Text returns a member of the request as text, "" where it has none. Numbers
// come as they stand (R217).
func (r *Record) Text(names ...string) string { return read(r.Request).get(names...).text() }

// Says is what the customer wrote: the text, or the comments where it is blank
// (R273).
func (r *Record) Says() string {
	if text := strings.TrimSpace(r.Text("text")); text != "" {
		return text
	}
	return strings.TrimSpace(r.Text("properties", "comments"))
}

// Assets are the assets the request is about.
func (r *Record) Assets() []Asset { return assetsOf(read(r.Request).get("assets")) }

func assetsOf(list *node) []Asset {
	var out []Asset
	if list != nil {
		for _, n := range list.items {
			out = append(out, asset(n))
		}
	}
	return out
}

// IsWorking says whether the machine of a service request works, after all
// updates (R259); known is false where nobody said.
func (r *Record) IsWorking() (yes, known bool) {
	yes, known = r.Flag("isWorking")
	for _, u := range r.live() {
		if y, k := read(u.Body).get("properties", "isWorking").flag(); k {
			yes, known = y, k
		}
	}
	return yes, known
}

// Place is a jobsite as a request describes it. In messages the postal code is
// postCode, in the jobsite endpoint postalcode (R246).
type Place struct {
	JobsiteID   string `json:"jobsiteId,omitempty"`
	Name        string `json:"name,omitempty"`
	FirstName   string `json:"firstName,omitempty"`
	LastName    string `json:"lastName,omitempty"`
	Address1    string `json:"address1,omitempty"`
	Address2    string `json:"address2,omitempty"`
	City        string `json:"city,omitempty"`
	State       string `json:"state,omitempty"`
	PostalCode  string `json:"postalcode,omitempty"`
	Country     string `json:"country,omitempty"`
	Latitude    string `json:"latitude,omitempty"`
	Longitude   string `json:"longitude,omitempty"`
	PhoneNumber string `json:"phoneNumber,omitempty"`
}

// Wished is the jobsite as it is to be, on jobsite and transfer requests
// (R244, R249).
func (r *Record) Wished() Place { return place(read(r.Request).get("properties")) }

// Present is the jobsite as it is, on requests to update one (R244).
func (r *Record) Present() Place { return place(read(r.Request).get("jobsite")) }

func place(n *node) Place {
	t := func(name string) string { return n.get(name).text() }
	code := t("postCode")
	if code == "" {
		code = t("postalcode")
	}
	return Place{
		t("jobsiteId"), t("name"), t("firstName"), t("lastName"), t("address1"), t("address2"), t("city"), t("state"),
		code, t("country"), t("latitude"), t("longitude"), t("phoneNumber"),
	}
}

// Rental returns the wished days of a rental, which travel as MM/DD/YYYY
// (R266); a zero time is a day that was not given or cannot be read.
func (r *Record) Rental() (first, last time.Time) {
	day := func(name string) time.Time {
		at, err := time.Parse("1/2/2006", strings.TrimSpace(r.Text("properties", name)))
		if err != nil {
			return time.Time{}
		}
		return at
	}
	return day("rental-start"), day("rental-end")
}

// CreatedBy is who made the update, as it was sent.
func (u *Update) CreatedBy() string { return read(u.Body).get("createdBy").text() }

// UserName is the full name of who made it, "" for automatic steps (R228).
func (u *Update) UserName() string { return read(u.Body).get("properties", "userName").text() }

// Text is the note of the update.
func (u *Update) Text() string { return read(u.Body).get("text").text() }

// Disposition is the outcome the update gives, "" where it gives none.
func (u *Update) Disposition() string { return read(u.Body).get("properties", "disposition").text() }

// Created is when the update was made by its author's clock; the zero time
// where it does not say.
func (u *Update) Created() time.Time {
	at, _ := moment(read(u.Body).get("createdDate").text())
	return at
}

// Dates an update may bring.
type (
	// DateMeaning says what updateDate stands for.
	DateMeaning string
)

// The meanings of updateDate: who made the update decides (R248, R253, R255).
const (
	NoDate       DateMeaning = ""
	WishedDate   DateMeaning = "wished"
	PlannedDate  DateMeaning = "planned"
	ContractOver DateMeaning = "contract-end"
	NewEnd       DateMeaning = "new-end"
)

// Date is the update's date and what it means on a request of a type.
func (u *Update) Date(t Type) (time.Time, DateMeaning) {
	at, ok := moment(read(u.Body).get("updateDate").text())
	switch {
	case !ok:
		return time.Time{}, NoDate
	case t == Extend:
		return at, NewEnd
	case t != Transfer && t != CallOff && t != Service:
		return time.Time{}, NoDate
	case u.Side == Partner:
		return at, WishedDate
	case t == CallOff:
		return at, ContractOver
	}
	return at, PlannedDate
}

// titles are our own words for tokens the partner localises (R229).
var titles = map[string]string{
	"svc-notification-purchase-order-more-info-title": "{username} added information to the purchase order request {requestId}",
	"svc-notification-purchase-order-cancel-title":    "{username} wants the purchase order request {requestId} canceled",
	"svc-request-lead-hold-for-screen":                "Held until somebody has looked at the lead",
	"svc-request-lead-completed-screening":            "The lead was looked at and passed on",
}

// Title is the update's headline: the one that was sent, else one made from its
// token, else one made from the state (R229).
func (u *Update) Title() string {
	body := read(u.Body)
	if title := strings.TrimSpace(body.get("title").text()); title != "" {
		return title
	}
	token := strings.ReplaceAll(body.get("titleToken").text(), " ", "")
	if text, ok := titles[token]; ok {
		if content := body.get("titleContent"); content != nil {
			for _, m := range content.members {
				text = strings.ReplaceAll(text, "{"+m.name+"}", m.value.text())
			}
		}
		if !strings.Contains(text, "{") {
			return text
		}
	}
	if u.Keeps && u.Side == Partner {
		return "More information"
	}
	return map[Status]string{
		Submitted: "Submitted", Received: "Received", Scheduled: "Scheduled", Quoted: "Quoted", Approved: "Approved",
		Canceled: "Canceled", Closed: "Closed", Screening: "In screening",
	}[u.Status]
}

// Files are the files of the request and of all its updates, in order.
func (r *Record) Files() []File {
	out := filesOf(read(r.Request).get("properties"))
	for i := range r.Updates {
		out = append(out, r.Updates[i].Files()...)
	}
	return out
}

// Files are the pictures and attachments of an update (R259, R264).
func (u *Update) Files() []File { return filesOf(read(u.Body).get("properties")) }

func filesOf(properties *node) []File {
	var out []File
	for _, name := range []string{"images", "attachments"} {
		list := properties.get(name)
		if list == nil {
			continue
		}
		for _, n := range list.items {
			if n.kind() == '{' {
				out = append(out, File{n.get("filename").text(), n.get("mimetype").text(), n.get("contents").text()})
			}
		}
	}
	return out
}

var errContents = errors.New("the contents are no base64")

// Decode returns the bytes of the file; white space in the base64 is skipped
// (R239), and its padding may be missing.
func (f File) Decode() ([]byte, error) {
	packed := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, f.Contents)
	data, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(packed, "="))
	if err != nil {
		return nil, fmt.Errorf("reading a file: %w", errContents)
	}
	return data, nil
}

// SafeName is the file's name without any path and without letters that mean
// something to a file system or a page; "file" where nothing is left.
func (f File) SafeName() string {
	name := path.Base(strings.ReplaceAll(strings.ToValidUTF8(f.Filename, "_"), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || strings.ContainsRune(`/:*?"<>|&'`+"`", r) {
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, ". ")
	if runes := []rune(name); len(runes) > 120 {
		ending := []rune(path.Ext(name))
		if len(ending) > 12 {
			ending = nil
		}
		name = string(runes[:120-len(ending)]) + string(ending)
	}
	if name == "" {
		return "file"
	}
	return name
}
