package lead

// Stage is one of Caterpillar's stages of an opportunity. It is not sent: the
// percentage speaks for it (R77).
type Stage string

// The stages.
const (
	Qualification   Stage = "Qualification"
	DevelopSolution Stage = "Develop Solution"
	Proposal        Stage = "Proposal/Negotiation"
	ClosedWon       Stage = "Closed Won"
	ClosedLost      Stage = "Closed Lost"
	ClosedNoDeal    Stage = "Closed No Deal"
)

// StageAt gives the stage of a percentage; noDeal tells the two at 0 % apart
// (R81). ok is false outside 0 to 100.
func StageAt(percent int64, noDeal bool) (stage Stage, ok bool) {
	switch {
	case percent < 0 || percent > 100:
		return "", false
	case percent == 0 && noDeal:
		return ClosedNoDeal, true
	case percent == 0:
		return ClosedLost, true
	case percent <= 20:
		return Qualification, true
	case percent <= 40:
		return DevelopSolution, true
	case percent < 100:
		return Proposal, true
	}
	return ClosedWon, true
}

// Range gives the percentages of a stage, both ends included. ok is false for what
// is no stage.
func (s Stage) Range() (first, last int64, ok bool) {
	switch s {
	case Qualification:
		return 1, 20, true
	case DevelopSolution:
		return 21, 40, true
	case Proposal:
		return 41, 99, true
	case ClosedWon:
		return 100, 100, true
	case ClosedLost, ClosedNoDeal:
		return 0, 0, true
	}
	return 0, 0, false
}
