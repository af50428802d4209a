// Package qr owns what a person shows the gateway to name a machine: the
// address printed in a QR code, the id at its end, or a picture of the code. It
// turns each of them into the id.
//
// It knows no network and asks nobody what an id stands for.
package qr

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Host is where the addresses in codes lead (R2). Case plays no part.
const Host = "qr.cat.com"

// The errors of this package. Test with errors.Is.
var (
	// ErrForeign: an address that leads somewhere else than Host, or a code
	// that holds no address at all.
	ErrForeign = errors.New("not a code of Caterpillar's")
	// ErrNoID: nothing that could be an id.
	ErrNoID = errors.New("no id of a QR code")
	// ErrNotAPicture: bytes that are no JPEG, PNG or GIF.
	ErrNotAPicture = errors.New("not a picture that can be read (JPEG, PNG or GIF)")
	// ErrPictureTooLarge: more bytes or pixels than are read.
	ErrPictureTooLarge = errors.New("the picture is too large")
	// ErrNoCode: a picture in which no QR code can be found.
	ErrNoCode = errors.New("no QR code can be read in the picture")
)

const longestID = 200

// bareID is what is taken for an id when it comes alone. In an address an id
// may hold more: nothing is said about its letters (R1).
var bareID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,199}$`)

// ID returns the id in an address, with or without its scheme, or the id
// itself, as it is spelt (R1, R2). It is an ErrForeign or an ErrNoID otherwise.
func ID(text string) (string, error) {
	text = strings.TrimSpace(text)
	if bareID.MatchString(text) {
		return text, nil
	}
	return FromAddress(text)
}

// FromAddress is ID for addresses alone, as they stand in codes.
func FromAddress(text string) (string, error) {
	text = strings.TrimSpace(text)
	whole := text
	if host, _, _ := strings.Cut(text, "/"); strings.EqualFold(host, Host) {
		whole = "https://" + text // typed without the scheme
	}
	u, err := url.Parse(whole)
	switch {
	case err != nil || u.Host == "":
		if strings.Contains(text, "/") || strings.Contains(text, ":") {
			return "", fmt.Errorf("%w: it should begin with https://%s/", ErrForeign, Host)
		}
		return "", ErrNoID
	case u.Scheme != "https" && u.Scheme != "http", !strings.EqualFold(u.Hostname(), Host), u.User != nil, u.Port() != "" && u.Port() != "443" && u.Port() != "80":
		return "", fmt.Errorf("%w: it leads to %s, codes lead to https://%s/", ErrForeign, shown(u.Hostname()), Host)
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	id, err := url.PathUnescape(path[strings.LastIndex(path, "/")+1:])
	if err != nil || !sound(id) {
		return "", fmt.Errorf("%w behind https://%s/", ErrNoID, Host)
	}
	return id, nil
}

// sound says whether text could be an id at all.
func sound(id string) bool {
	if strings.Trim(id, ".") == "" || utf8.RuneCountInString(id) > longestID || !utf8.ValidString(id) {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool { return r == '/' || unicode.IsSpace(r) || !unicode.IsGraphic(r) })
}

// shown is a host name for a message.
func shown(host string) string {
	if len(host) > 80 {
		host = host[:80]
	}
	return fmt.Sprintf("%q", host)
}
