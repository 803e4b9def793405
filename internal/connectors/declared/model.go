package declared

import (
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// transport is what the file says under http:, for all requests.
type transport struct {
	baseURL   string // default of the setting base_url
	auth      auth
	headers   []field
	keyHeader string // where the idempotency key goes; the client's default when empty
	limit     *rateLimit
	errors    []rule
}

// auth is how requests prove who sends them. Its fields name settings, except
// header, prefix, query, field and what oauth says.
type auth struct {
	form   string // "" | bearer | header | basic | query | body | oauth2
	secret string // the secret setting
	name   string // of the header, the query parameter or the member of the body
	prefix string // before the secret in the header
	user   string // basic: the setting that holds the user
	oauth  *oauth
}

// oauth is the client credentials grant of OAuth 2.
type oauth struct {
	baseURL  string // of the token endpoint when it is another host; default of the setting token_base_url
	path     []*value
	client   string // the setting that holds the client's id
	secret   string // the setting that holds its secret
	scope    string
	audience string
	inHeader bool // the client's id and secret as basic authentication, not in the form
}

// rateLimit is the header in which a system says when it takes requests again.
type rateLimit struct {
	header string
	epoch  bool // seconds since 1970 instead of seconds from now
}

// plan is how one action is carried out.
type plan struct {
	action   *manifest.Action
	requests []*request
	result   *value
}

// request is one HTTP request of an action.
type request struct {
	id      string
	method  string
	path    []*value
	slash   bool // it ends with one
	query   []field
	headers []field
	form    []field
	json    *value
	effect  bool // this is the one that the ledger is told of
	when    *expression.Program
	answer  string // json | text | none
	errors  []rule
	paging  *paging
	poll    *poll
	at      diag.Position
}

// rule gives an answer a meaning that its status alone does not have.
type rule struct {
	statuses []int
	when     *expression.Program
	class    connector.Class // "" means that the action is done
	message  *expression.Template
}

// paging reads one answer in many pages. Exactly one of next, cursor, page and
// offset is set.
type paging struct {
	items    *expression.Program
	next     *expression.Program // a link to the next page
	cursor   *expression.Program
	query    string // the parameter of cursor, page or offset
	counts   bool   // page numbers
	first    int    // page number
	size     int    // a page with fewer items is the last
	maxPages int
	maxItems int
}

// poll repeats a request until its answer is final.
type poll struct {
	until *expression.Program
	every time.Duration
	limit time.Duration
	late  bool // an answer that is not final in time is good, too
}
