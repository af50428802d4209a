package convert

import (
	"strings"

	"github.com/shopspring/decimal"
	"golang.org/x/text/currency"
)

// A canonical decimal, the only form in which amounts travel further: an
// optional minus (never before zero), digits without needless zeros in front,
// a point, at least one digit behind it (R117).

// maxDigits bounds what is read as a number: DECIMAL has 65 digits, the
// longest DOUBLE written out has a little over 300.
const maxDigits = 400

// isCanonical reports whether s is a canonical decimal as it stands.
func isCanonical(s string) bool {
	negative := strings.HasPrefix(s, "-")
	if negative {
		s = s[1:]
	}
	point, zero := -1, true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.' && point < 0:
			point = i
		case c < '0' || c > '9':
			return false
		default:
			zero = zero && c == '0'
		}
	}
	if point < 1 || point == len(s)-1 || len(s) > maxDigits {
		return false
	}
	return (point == 1 || s[0] != '0') && (!negative || !zero)
}

// canonical writes digits before and behind the point; both may be empty.
func canonical(negative bool, whole, fraction string) string {
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction == "" {
		fraction = "0"
	}
	if negative && (whole != "0" || strings.Trim(fraction, "0") != "") {
		return "-" + whole + "." + fraction
	}
	return whole + "." + fraction
}

// halves takes a decimal apart; a missing point is one at the end.
func halves(s string) (negative bool, whole, fraction string) {
	if strings.HasPrefix(s, "-") {
		negative, s = true, s[1:]
	}
	whole, fraction, _ = strings.Cut(s, ".")
	return negative, whole, fraction
}

// storedNumber reads a number as a server or strconv writes it: an optional
// sign, digits, a point, and an exponent where exponents are allowed. minor is
// MoneyRule.Minor.
func storedNumber(s string, minor int, exponents bool) (string, State) {
	if minor == 0 && isCanonical(s) {
		return s, Present
	}
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	shift := 0
	if i := strings.IndexAny(s, "eE"); exponents && i >= 0 {
		var ok bool
		if shift, ok = exponent(s[i+1:]); !ok {
			return "", Unreadable
		}
		s = s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if whole+fraction == "" || len(s) > maxDigits || !onlyDigits(whole) || !onlyDigits(fraction) {
		return "", Unreadable
	}
	whole, fraction = movePoint(whole, fraction, shift-minor)
	return canonical(negative, whole, fraction), Present
}

// exponent reads what follows an e. More than maxDigits would only make zeros.
func exponent(s string) (int, bool) {
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if s == "" || len(s) > 3 || !onlyDigits(s) {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		n = 10*n + int(s[i]-'0')
	}
	if n > maxDigits {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}

// movePoint moves the point to the right by so many places, left if negative.
func movePoint(whole, fraction string, places int) (string, string) {
	switch {
	case places > 0:
		if len(fraction) < places {
			fraction += strings.Repeat("0", places-len(fraction))
		}
		return whole + fraction[:places], fraction[places:]
	case places < 0:
		if len(whole) < -places {
			whole = strings.Repeat("0", -places-len(whole)) + whole
		}
		cut := len(whole) + places
		return whole[:cut], whole[cut:] + fraction
	}
	return whole, fraction
}

func onlyDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Round rounds a canonical decimal half away from zero to so many places. One
// that has no more than that stays as it is; places 0 leaves ".0".
func Round(d string, places int) string {
	negative, whole, fraction := halves(d)
	places = max(places, 0)
	if len(fraction) <= max(places, 1) && (places > 0 || fraction == "0") {
		return d
	}
	up := len(fraction) > places && fraction[places] >= '5'
	digits := []byte(whole + fraction[:min(places, len(fraction))])
	if up {
		i := len(digits) - 1
		for ; i >= 0 && digits[i] == '9'; i-- {
			digits[i] = '0'
		}
		if i < 0 {
			digits = append([]byte{'1'}, digits...)
		} else {
			digits[i]++
		}
	}
	cut := len(digits) - min(places, len(fraction))
	return canonical(negative, string(digits[:cut]), string(digits[cut:]))
}

// Display writes a canonical decimal with exactly so many places, for people;
// without places there is no point either.
func Display(d string, places int) string {
	rounded := Round(d, places)
	negative, whole, fraction := halves(rounded)
	if places <= 0 {
		if negative {
			return "-" + whole
		}
		return whole
	}
	if missing := places - len(fraction); missing > 0 {
		return rounded + strings.Repeat("0", missing)
	}
	return rounded
}

// Compare orders canonical decimals by value: -1, 0 or 1.
func Compare(a, b string) int {
	negativeA, wholeA, fractionA := halves(a)
	negativeB, wholeB, fractionB := halves(b)
	if negativeA != negativeB {
		if negativeA {
			return -1
		}
		return 1
	}
	order := len(wholeA) - len(wholeB)
	if order == 0 {
		order = strings.Compare(wholeA, wholeB)
	}
	if order == 0 {
		order = strings.Compare(strings.TrimRight(fractionA, "0"), strings.TrimRight(fractionB, "0"))
	}
	switch {
	case order == 0:
		return 0
	case (order < 0) != negativeA:
		return -1
	}
	return 1
}

// IsZero reports whether a decimal is zero, however many places it has.
func IsZero(d string) bool { return strings.Trim(d, "-0.") == "" }

// Product multiplies decimals exactly; the places of the factors add up, so
// an amount is rounded afterwards. A factor that is no number is Unreadable,
// no factor or an empty one Empty.
func Product(factors ...string) (string, State) {
	if len(factors) == 0 {
		return "", Empty
	}
	product, places := decimal.New(1, 0), int32(0)
	for _, factor := range factors {
		if factor == "" {
			return "", Empty
		}
		factor, state := storedNumber(factor, 0, false)
		if state != Present {
			return "", state
		}
		d, err := decimal.NewFromString(factor)
		if err != nil {
			return "", Unreadable
		}
		product = product.Mul(d)
		places -= d.Exponent()
	}
	return recanonical(product.StringFixed(max(places, 1))), Present
}

// Total adds decimals exactly. The zero Total is ready; Reset makes it so
// again.
type Total struct {
	count  int
	places int
	small  int64 // the sum times ten to the places, while it fits
	wide   bool  // it did not: the sum is large
	large  decimal.Decimal
}

// Add counts a decimal in. What is empty or no number changes nothing and is
// answered Empty or Unreadable.
func (t *Total) Add(d string) State {
	if d == "" {
		return Empty
	}
	d, state := storedNumber(d, 0, false)
	if state != Present {
		return state
	}
	places := len(d) - 1 - strings.IndexByte(d, '.')
	mantissa, fits := scaled(d)
	if fits && !t.wide && t.addSmall(mantissa, places) {
		t.count++
		return Present
	}
	value, err := decimal.NewFromString(d)
	if err != nil {
		return Unreadable
	}
	if !t.wide {
		t.large, t.wide = decimal.New(t.small, int32(-t.places)), true
	}
	t.large = t.large.Add(value)
	t.places = max(t.places, places)
	t.count++
	return Present
}

// smallLimit leaves room for the sum of any two numbers below it.
const smallLimit = int64(1) << 62

// addSmall adds without leaving int64; false: nothing was changed.
func (t *Total) addSmall(mantissa int64, places int) bool {
	sum, ok := t.small, true
	for have := t.places; have < places && ok; have++ {
		sum, ok = timesTen(sum)
	}
	for have := places; have < t.places && ok; have++ {
		mantissa, ok = timesTen(mantissa)
	}
	if !ok {
		return false
	}
	if sum += mantissa; sum >= smallLimit || sum <= -smallLimit {
		return false
	}
	t.small, t.places = sum, max(t.places, places)
	return true
}

func timesTen(n int64) (int64, bool) {
	const limit = smallLimit / 10
	return n * 10, n < limit && n > -limit
}

// scaled is a canonical decimal without its point, if that fits.
func scaled(d string) (int64, bool) {
	negative := d[0] == '-'
	if len(d) > 19 {
		return 0, false
	}
	var n int64
	for i := 0; i < len(d); i++ {
		if d[i] >= '0' {
			n = 10*n + int64(d[i]-'0')
		}
	}
	if negative {
		n = -n
	}
	return n, true
}

// Count is how many decimals were added.
func (t *Total) Count() int { return t.count }

// Sum is the canonical sum with as many places as the part that had most;
// Empty when nothing was added.
func (t *Total) Sum() (string, State) {
	if t.count == 0 {
		return "", Empty
	}
	sum := t.large
	if !t.wide {
		sum = decimal.New(t.small, int32(-t.places))
	}
	return recanonical(sum.StringFixed(int32(t.places))), Present
}

// Reset empties the total.
func (t *Total) Reset() { *t = Total{} }

// recanonical mends what the decimal library writes: "-0.00" for sums of
// negative zeros, no point where there are no places.
func recanonical(s string) string {
	if isCanonical(s) {
		return s
	}
	negative, whole, fraction := halves(s)
	return canonical(negative, whole, fraction)
}

// minorUnits lists the currencies of ISO 4217 that do not have two decimal
// places. The CLDR table of x/text rounds for cash instead (IQD 0, not 3), so
// only its list of codes is used.
var minorUnits = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
	"RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
	"CLF": 4, "UYW": 4,
}

// MinorUnits is the number of decimal places amounts of an ISO 4217 currency
// have; known is false (and places 2) for a code nobody has given out.
func MinorUnits(code string) (places int, known bool) {
	if places, listed := minorUnits[code]; listed {
		return places, true
	}
	unit, err := currency.ParseISO(code)
	return 2, err == nil && unit.String() == code
}
