package mapfile

import "strings"

// Nearest gives the candidate that is most like name, or "" when none is near
// enough to be worth offering: about one slip for every three letters. Letter
// case counts little, two letters that changed places are one slip, and of
// equals the earlier candidate wins.
func Nearest(name string, candidates []string) string {
	const tooFar = 1 << 20
	best, bestAt := "", tooFar
	limit := len([]rune(name))/3 + 1
	folded := []rune(strings.ToLower(name))
	for _, candidate := range candidates {
		if candidate == name {
			continue
		}
		away := slips(folded, []rune(strings.ToLower(candidate)))
		shortest := min(len(folded), len([]rune(candidate)))
		if away <= limit && away < max(shortest, 1) && away < bestAt {
			best, bestAt = candidate, away
		}
	}
	return best
}

// slips counts the letters to add, drop, change or swap with their neighbour
// that turn a into b.
func slips(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
