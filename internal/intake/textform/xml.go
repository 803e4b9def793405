package textform

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// readXML gives a document as an object with one member, its root. Attributes and
// elements are members; elements that stand several times are a list; an element
// with text alone is that text, and one with a Name attribute and text, as Windows
// writes event data, is a member of that name.
func readXML(text string) (Object, bool) {
	decoder := xml.NewDecoder(strings.NewReader(text))
	decoder.Strict = true
	reader := &xmlReader{decoder: decoder}
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, false
		}
		if root, ok := token.(xml.StartElement); ok {
			value, err := reader.element(root, 0)
			if err != nil || !reader.ends() {
				return nil, false
			}
			return Object{root.Name.Local: value}, true
		}
	}
}

type xmlReader struct {
	decoder *xml.Decoder
	nodes   int
}

var errBounds = errors.New("too deep or too large")

// ends tells whether nothing but white space and comments is left.
func (r *xmlReader) ends() bool {
	for {
		token, err := r.decoder.Token()
		if errors.Is(err, io.EOF) {
			return true
		}
		if _, another := token.(xml.StartElement); err != nil || another {
			return false
		}
	}
}

func (r *xmlReader) element(start xml.StartElement, depth int) (any, error) {
	if r.nodes += 1 + len(start.Attr); r.nodes > nodesMost || depth > depthMost {
		return nil, errBounds
	}
	members := Object{}
	for _, attribute := range start.Attr {
		if attribute.Name.Space != "xmlns" && attribute.Name.Local != "xmlns" {
			members[attribute.Name.Local] = attribute.Value
		}
	}
	var text strings.Builder
	for {
		token, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			value, err := r.element(t, depth+1)
			if err != nil {
				return nil, err
			}
			add(members, t, value)
		case xml.EndElement:
			return closed(members, strings.TrimSpace(text.String())), nil
		}
	}
}

// closed is the value of an element that ends.
func closed(members Object, text string) any {
	if len(members) == 0 {
		return text
	}
	if text != "" {
		members["text"] = text
	}
	return members
}

// add puts an element into the one around it.
func add(members Object, start xml.StartElement, value any) {
	name := start.Name.Local
	if named, ok := value.(Object); ok && len(named) == 2 && named["text"] != nil {
		for _, key := range []string{"Name", "name"} {
			if own, ok := named[key].(string); ok && members[own] == nil && own != "" {
				members[own] = named["text"]
				return
			}
		}
	}
	switch before := members[name].(type) {
	case nil:
		members[name] = value
	case []any:
		members[name] = append(before, value)
	default:
		members[name] = []any{before, value}
	}
}
