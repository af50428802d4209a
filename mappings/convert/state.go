package convert

// State says what became of a raw value. The zero State is Empty.
type State uint8

// The outcomes of reading or converting a value.
const (
	Empty      State = iota // nothing there: NULL, blank, no such part
	ZeroDate                // a date with a zero year, month or day: empty, and worth a note
	Present                 // a value
	Unmapped                // a code its map does not have
	Unreadable              // something there, but not what its rule says
	TooLong                 // more characters than the field allows
	Deferred                // a code of which its map says that nothing is to be sent yet
)

// Missing reports whether there is no value, so that the next of a
// first-non-empty list has its turn.
func (s State) Missing() bool { return s == Empty || s == ZeroDate }

// Bad reports whether there is something that must not be sent: a list stops
// here and the field's policy decides.
func (s State) Bad() bool { return s > Present }

var stateNames = [...]string{"empty", "zero date", "present", "unmapped code", "unreadable", "too long", "not yet"}

// String returns the words reports use for the state.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown state"
}
