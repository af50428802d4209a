package config

import "regexp"

// plainPath is a path below /api/ without anything that needs encoding.
var plainPath = regexp.MustCompile(`^/api(/[A-Za-z0-9][A-Za-z0-9._~-]*)+/?$`)

// taken are the endpoints that an agreed path must not hide.
var taken = regexp.MustCompile(`^/api/v1/(contract|jobsite|dealer-category|invoice|location|incremental|message|document(/.*)?)/?$`)

func (s *section) customerPath() string {
	n, ok := s.scalar("customer", false)
	switch {
	case !ok:
		return DefaultCustomerPath
	case !plainPath.MatchString(n.text):
		s.fault(n, "customer", "write a path below /api/ in plain letters, such as /api/v1/customer-data%s", n.shown())
		return DefaultCustomerPath
	case taken.MatchString(n.text):
		s.fault(n, "customer", "another endpoint has this path; leave it out, or agree on one of its own")
		return DefaultCustomerPath
	}
	return n.text
}
