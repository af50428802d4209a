package convert

// PiecesTaken is how many pieces are in use.
func PiecesTaken(p *Pieces) int { return len(p.whole) }
