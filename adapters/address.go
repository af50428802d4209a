package adapters

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// CheckAddress says what is wrong with the address of a service that is called,
// without showing it: it may hold a key. Credentials and customers' data travel
// there, so it is https, or on this machine. example is an address as it should
// be; asks says that it may hold a query.
func CheckAddress(text, example string, asks bool) error {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return errors.New("the address is missing")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("the address must be a whole one, such as %s", example)
	case !asks && (u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != ""):
		return errors.New("the address may hold no user, no query and no fragment")
	case u.User != nil || u.Fragment != "":
		return errors.New("the address may hold no user and no fragment")
	case u.Scheme == "http" && !thisMachine(u.Hostname()):
		return errors.New("the address must begin with https")
	}
	return nil
}

func thisMachine(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
