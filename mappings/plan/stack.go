package plan

// branchStack is about what reading a list takes of a goroutine's stack, in
// bytes.
const branchStack = 12 << 10

// onNewStack runs what needs much of its goroutine's stack, on a new goroutine.
// The stack grows here, at once and while nothing stands on it yet. Otherwise it
// does so two or three times in the midst of a statement, where all that stands
// there has to be moved: 3 % of the processor time of a page.
//
//go:noinline
func onNewStack(do func() error) error {
	growStack(0)
	return do()
}

//go:noinline
func growStack(at int) byte {
	var room [branchStack]byte
	return room[at]
}
