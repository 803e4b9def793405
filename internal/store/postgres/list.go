package postgres

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// List is one list of a table, newest first, with optional conditions. All its SQL
// is constant text of the caller; values go as parameters only.
type List struct {
	Name      string // of the list, in its cursors
	Columns   string
	Table     string
	At        string // the column it is sorted by; id breaks ties
	Ascending bool   // the earliest first
	where     []string
	args      []any
}

// And adds a condition with $ in the place of the value.
func (l *List) And(condition string, value any) {
	l.args = append(l.args, value)
	l.where = append(l.where, strings.ReplaceAll(condition, "$", fmt.Sprintf("$%d", len(l.args))))
}

// AndText adds a condition unless the value is empty.
func (l *List) AndText(column, value string) {
	if value != "" {
		l.And(column+" = $", Indexable(value))
	}
}

// Conditions gives them in one expression with their values, for statements that are
// no list.
func (l *List) Conditions() (where string, args []any) {
	if len(l.where) == 0 {
		return "true", nil
	}
	return strings.Join(l.where, " AND "), l.args
}

// query gives the statement that reads one page and one row more, which tells
// whether there is another page.
func (l *List) query(op string, page soar.Page) (string, []any, error) {
	after, err := ParseCursor(op, l.Name, page.After)
	if err != nil {
		return "", nil, err
	}
	where, args := l.where, l.args
	beyond, order := "<", "DESC"
	if l.Ascending {
		beyond, order = ">", "ASC"
	}
	if after != nil {
		args = append(args[:len(args):len(args)], after.At, after.ID)
		where = append(where[:len(where):len(where)], fmt.Sprintf("(%s, id) %s ($%d, $%d)", l.At, beyond, len(args)-1, len(args)))
	}
	query := fmt.Sprintf("SELECT %s, id, %s FROM %s", l.At, l.Columns, l.Table)
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	return query + fmt.Sprintf(" ORDER BY %s %s, id %[2]s LIMIT %[3]d", l.At, order, page.Size()+1), args, nil
}

// Scan reads one row: at and id first, and then the columns.
type Scan func(rows pgx.Rows, at *time.Time, id *string) error

func (l *List) page(rows pgx.Rows, size int, scan Scan) (string, error) {
	defer rows.Close()
	last := Cursor{List: l.Name}
	for n := 0; rows.Next(); n++ {
		if n == size {
			return last.String(), nil
		}
		if err := scan(rows, &last.At, &last.ID); err != nil {
			return "", err
		}
	}
	return "", rows.Err()
}

// Querier reads rows: a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// Fetch reads one page and gives the cursor of the next, empty on the last.
func (l *List) Fetch(ctx context.Context, db Querier, op string, page soar.Page, scan Scan) (string, error) {
	query, args, err := l.query(op, page)
	if err != nil {
		return "", err
	}
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return "", err
	}
	return l.page(rows, page.Size(), scan)
}

// Cursor is where a page ended. At is from the database: to the microsecond.
type Cursor struct {
	List string    `json:"l"`
	At   time.Time `json:"t,omitzero"`
	ID   string    `json:"i,omitempty"`
	Ord  int64     `json:"o,omitempty"` // for lists that are sorted by a number
}

// String gives the cursor as people pass it on.
func (c Cursor) String() string {
	raw, err := json.Marshal(c)
	if err != nil {
		return "" // a time beyond the year 9999; the list ends early
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// ParseCursor reads a cursor of the named list; nil when there is none. Whatever
// String did not write for that list is invalid.
func ParseCursor(op, list, text string) (*Cursor, error) {
	if text == "" {
		return nil, nil
	}
	bad := &soar.Error{Code: soar.CodeInvalid, Op: op, Field: "after", Message: "this is not a cursor of this list; take the one that the page before gave"}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, bad
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var c Cursor
	if err := decoder.Decode(&c); err != nil || c.List != list {
		return nil, bad
	}
	if _, err := decoder.Token(); err != io.EOF || Clean(c.ID) != c.ID {
		return nil, bad
	}
	return &c, nil
}
