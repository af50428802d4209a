package report

import (
	"fmt"
	"io"
	"strings"
)

// Chart draws the throughput of the contract page as an SVG: the baseline is 1.
func (r *Report) Chart(out io.Writer) error {
	type bar struct {
		name, colour string
		value        float64
	}
	var text strings.Builder
	const left, unit, height, gap = 150, 130, 18, 14
	y := 46
	var body strings.Builder
	widest := 1.0
	for _, row := range r.Rows {
		if row.Endpoint != "contract" {
			continue
		}
		bars := []bar{{"gateway", "#0b7285", row.Throughput}, {"by hand", "#adb5bd", 1}}
		if row.BaselineToStatements > 0 {
			bars = append(bars, bar{"statements alone", "#e9ecef", 1 / row.BaselineToStatements})
		}
		fmt.Fprintf(&body, `<text x="8" y="%d" font-weight="bold">%s</text>`+"\n", y+13, clients(row.Clients))
		for _, b := range bars {
			widest = max(widest, b.value)
			width := int(b.value * unit)
			fmt.Fprintf(&body, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/><text x="%d" y="%d">%.2f %s</text>`+"\n",
				left, y, width, height, b.colour, left+width+6, y+13, b.value, b.name)
			y += height + 2
		}
		y += gap
	}
	width := left + int(widest*unit) + 160
	fmt.Fprintf(&text, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" role="img">`+"\n",
		width, y, width, y)
	fmt.Fprintf(&text, `<title>Pages of contracts a second, the server written by hand = 1</title>`+"\n")
	fmt.Fprintf(&text, `<rect width="%d" height="%d" fill="#ffffff"/><text x="8" y="22" font-size="14">Pages of contracts a second, written by hand = 1 (%d contracts)</text>`+"\n",
		width, y, r.Contracts)
	text.WriteString(body.String())
	text.WriteString("</svg>\n")
	_, err := io.WriteString(out, text.String())
	return err
}

func clients(n int) string {
	if n == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", n)
}
