package soar

// Bounds of one page of a list.
const (
	PageDefault = 50  // rows when nobody asked for a number
	PageMost    = 500 // rows at most, whatever was asked for
)

// Page asks for one page of a list. After is the opaque cursor that the page
// before gave; a cursor of another list, or one made by hand, is invalid.
type Page struct {
	Limit int    `json:"limit,omitempty"`
	After string `json:"after,omitempty"`
}

// Size gives the number of rows to read: Limit within 1 to PageMost, and
// PageDefault when Limit is not set.
func (p Page) Size() int {
	if p.Limit <= 0 {
		return PageDefault
	}
	return min(p.Limit, PageMost)
}
