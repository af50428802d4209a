package yard

import (
	"fmt"
	"time"
)

var (
	towns  = []string{"Fairmont", "Dry Creek", "Pine Hollow", "Eastbrook", "Calder", "Northgate", "Stillwater", "Mesa Park"}
	states = []string{"IL", "WI", "IA", "MO", "KS", "NE", "MN", "IN"}
	first  = []string{"Ada", "Boris", "Chen", "Dara", "Emil", "Farah", "Goran", "Hanna", "Ivo", "Jun"}
	last   = []string{"Adler", "Brook", "Castile", "Dunn", "Ester", "Falk", "Grove", "Holt", "Ibarra", "Jessup"}
	makes  = []string{"Orex", "Tamwell", "Brunn", "Halvor", "Kestrel"}
	kinds  = []string{"Mini excavator", "Scissor lift", "Telehandler", "Wheel loader", "Light tower", "Generator", "Skid steer", "Compactor"}
	trades = []string{"Concrete", "Paving", "Roofing", "Electric", "Utilities", "Demolition", "Landscaping", "Steel"}
	fees   = []string{"Environmental fee", "Delivery", "Pickup", "Fuel service", "Damage waiver"}
)

func pick(list []string, row, question int) string { return list[dice(row, question, len(list))] }

func money(row, question, least, most int) string {
	cents := least*100 + dice(row, question, (most-least)*100)
	return fmt.Sprintf("%d.%02d", cents/100, cents%100)
}

// begin is when the first contract started. Everything is generated relative to
// it, so that the rows are the same on every day.
var begin = time.Date(2024, 1, 8, 0, 0, 0, 0, time.UTC)

func moment(row, question, days int) time.Time {
	return begin.AddDate(0, 0, dice(row, question, days)).Add(time.Duration(6*60+dice(row, question+1, 12*60)) * time.Minute)
}

func day(t time.Time) string { return t.Format(time.DateOnly) }

func person(row, question int) string {
	return pick(first, row, question) + " " + pick(last, row, question+1)
}

func phone(row, question int) string {
	return fmt.Sprintf("+1 555 01%02d %04d", dice(row, question, 100), dice(row, question+1, 10000))
}

// updated is the change stamp of a row, spread over two years.
func updated(row, question int) time.Time { return moment(row, question, 730) }

const (
	repCount      = 60
	branchCount   = 12
	categoryCount = 20
	classCount    = 200
	unitsPerClass = 100
)

func repCode(n int) string      { return fmt.Sprintf("S%03d", n+1) }
func branchCode(n int) string   { return fmt.Sprintf("B%02d", n+1) }
func categoryCode(n int) string { return fmt.Sprintf("G%02d", n+1) }
func classCode(n int) string    { return fmt.Sprintf("K%04d", n+1) }
func unitOf(n int) string       { return fmt.Sprintf("U%06d", n+100001) }

func className(n int) string {
	return fmt.Sprintf("%s %d series", kinds[n%len(kinds)], 100+n)
}

func customerRows(_ Size, add func(...any)) {
	for c := range customers {
		add(numberOf(c), fmt.Sprintf("%s %s %s", pick(towns, c, 10), pick(trades, c, 11), "Co."), fmt.Sprintf("%d Main St", 1+dice(c, 12, 900)),
			pick(towns, c, 13), pick(states, c, 14), fmt.Sprintf("%05d", 50000+dice(c, 15, 9000)), phone(c, 16), nil,
			repCode(dice(c, 18, repCount)), "NET30", money(c, 19, 1000, 90000), "USD", moment(c, 20, 400), updated(c, 22))
	}
}

func repRows(_ Size, add func(...any)) {
	for n := range repCount {
		add(repCode(n), person(n, 30), phone(n, 32), nil)
	}
}

func branchRows(_ Size, add func(...any)) {
	for n := range branchCount {
		add(branchCode(n), pick(towns, n, 40)+" yard", fmt.Sprintf("%d Depot Rd", 10+n), pick(towns, n, 40), pick(states, n, 41),
			fmt.Sprintf("%05d", 51000+n), "USA", fmt.Sprintf("4%d.%06d", dice(n, 42, 3), dice(n, 43, 1000000)),
			fmt.Sprintf("-9%d.%06d", dice(n, 44, 3), dice(n, 45, 1000000)))
	}
}

func categoryRows(_ Size, add func(...any)) {
	for n := range categoryCount {
		add(categoryCode(n), fmt.Sprintf("%s equipment", pick(trades, n, 50)))
	}
}

func classRows(_ Size, add func(...any)) {
	for n := range classCount {
		add(classCode(n), categoryCode(n%categoryCount), className(n))
	}
}

// priceRows are book prices of every class and prices of their own for some
// customers.
func priceRows(s Size, add func(...any)) {
	id := 0
	price := func(class int, customer string, row int) {
		for i, days := range []int{1, 7, 28} {
			id++
			add(id, classCode(class), customer, days, money(row, 60+i, 50*(1+2*i), 100*(1+3*i)))
		}
	}
	for n := range classCount {
		price(n, "", n)
	}
	for c := range fleets + s.accounts() {
		for n := 0; n < classCount; n += 1 + dice(c, 65, 8) {
			price(n, numberOf(c), c*classCount+n)
		}
	}
}

func equipmentRows(_ Size, add func(...any)) {
	for n := range classCount * unitsPerClass {
		class := n % classCount
		add(unitOf(n), classCode(class), pick(makes, n, 70), fmt.Sprintf("%c%c-%d", 'A'+rune(dice(n, 71, 26)), 'A'+rune(dice(n, 72, 26)), 100+class),
			fmt.Sprintf("SN%010d", 7000000000+n*37), 2014+dice(n, 73, 11), money(n, 74, 9000, 240000), branchCode(dice(n, 75, branchCount)),
			dice(n, 76, 9000), updated(n, 77))
	}
}

func jobsiteRows(s Size, add func(...any)) {
	for c := range customers {
		for n := range s.jobsites(c) {
			row := c*100 + n
			var second any
			if dice(row, 80, 3) == 0 {
				second = fmt.Sprintf("Gate %d", 1+dice(row, 81, 9))
			}
			open := 1
			if dice(row, 82, 10) == 0 {
				open = 0
			}
			add(numberOf(c), siteCode(n), fmt.Sprintf("%s %s site", pick(towns, row, 83), pick(trades, row, 84)),
				fmt.Sprintf("%d Quarry Rd", 1+dice(row, 85, 2000)), second, pick(towns, row, 83), pick(states, row, 86),
				fmt.Sprintf("%05d", 50000+dice(row, 87, 9000)), "USA", fmt.Sprintf("4%d.%06d", dice(row, 88, 3), dice(row, 89, 1000000)),
				fmt.Sprintf("-9%d.%06d", dice(row, 90, 3), dice(row, 91, 1000000)), pick(first, row, 92), pick(last, row, 93), phone(row, 94),
				open, updated(row, 96))
		}
	}
}
