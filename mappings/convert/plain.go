package convert

import (
	"strings"

	"golang.org/x/net/html"
)

// hidden are the elements whose content is no text for people.
var hidden = map[string]bool{
	"script": true, "style": true, "iframe": true, "noembed": true, "noframes": true, "template": true,
}

// inline are the elements that do not part words: <b>Ex</b>cavator is one.
var inline = map[string]bool{
	"a": true, "abbr": true, "b": true, "bdi": true, "bdo": true, "big": true, "cite": true, "code": true,
	"del": true, "dfn": true, "em": true, "font": true, "i": true, "ins": true, "kbd": true, "mark": true,
	"q": true, "s": true, "samp": true, "small": true, "span": true, "strike": true, "strong": true,
	"sub": true, "sup": true, "tt": true, "u": true, "var": true, "wbr": true,
}

// Plain takes markup off a text and decodes its entities once; blanks and
// line ends collapse to one blank each. What only looks like markup ("5 < 7")
// stays.
func Plain(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return CollapseBlanks(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	tokens := html.NewTokenizer(strings.NewReader(s))
	skip := ""
	for {
		kind := tokens.Next()
		switch kind {
		case html.ErrorToken: // the end: a reader over a string has no other error
			return CollapseBlanks(Clean(b.String()))
		case html.TextToken:
			if skip == "" {
				b.Write(tokens.Text())
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			raw, _ := tokens.TagName()
			name := string(raw)
			if !inline[name] {
				b.WriteByte(' ')
			}
			switch {
			case skip == "" && kind == html.StartTagToken && hidden[name]:
				skip = name
			case kind == html.EndTagToken && name == skip:
				skip = ""
			}
		}
	}
}
