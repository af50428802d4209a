package plan

// What tests of behaviour cannot reach from outside.
var (
	EncodeKey = encodeKey
	DecodeKey = decodeKey
	QuoteName = quoteName
	Padded    = padded
)

// Fold is fold.
func (c Collation) Fold(text string) string { return c.fold(text) }

// TakeTheLongWay has every field of a program made by its evaluator and every
// order by values, so that the short ways can be held against them.
func (p *Program) TakeTheLongWay() {
	p.GatherRows()
	for _, l := range p.lists {
		for _, part := range l.parts() {
			part.element.takeTheLongWay()
			part.rows.frame.takeTheLongWay()
			for i := range part.keys.order {
				part.keys.order[i].plain = false
			}
		}
	}
}

// GatherRows has every key list made of rows that are all kept until the last one
// was read.
func (p *Program) GatherRows() {
	for _, l := range p.lists {
		for _, part := range l.parts() {
			part.keys.oneByOne = false
		}
	}
}

// OneByOne says whether an endpoint's key list is made row by row.
func (p *Program) OneByOne(endpoint string) bool { return p.lists[endpoint].oneByOne() }

func (e *element) takeTheLongWay() {
	for i := range e.moves {
		e.moves[i].form = formLong
	}
	for _, l := range e.lists {
		for _, source := range l.sources {
			for _, one := range append(source.rows, source.element) {
				if one != nil {
					one.takeTheLongWay()
				}
			}
		}
	}
}

func (f *frame) takeTheLongWay() {
	for _, b := range f.branches {
		for i := range b.order {
			b.order[i].plain = false
		}
		b.frame.takeTheLongWay()
	}
}

// KeyCells says in which cells of its statements an endpoint's key of one column
// and its customer stand, and those below what they belong to.
func (p *Program) KeyCells(endpoint string) (id, customer, parent int) {
	rr := p.lists[endpoint].rows
	return rr.key[0].slot, rr.customer.places[0].slot, 0
}

// KeyListCells says in which cells of the statement that finds an endpoint's
// keys the key's columns and the customer stand.
func (p *Program) KeyListCells(endpoint string) (key []int, customer int) {
	key, customers := p.lists[endpoint].keys.cells()
	return key, customers[0]
}

// KeyListCustomers says, by statement, in which cells of those that find an
// endpoint's keys the customer stands.
func (p *Program) KeyListCustomers(endpoint string) map[string][]int {
	all := map[string][]int{}
	for _, part := range p.lists[endpoint].parts() {
		_, all[part.keys.stmt.Name] = part.keys.cells()
	}
	return all
}

func (k *keyReader) cells() (key, customer []int) {
	for _, at := range k.key {
		key = append(key, at.slot)
	}
	if k.customer != nil {
		for _, at := range k.customer.places {
			customer = append(customer, at.slot)
		}
	}
	return key, customer
}
