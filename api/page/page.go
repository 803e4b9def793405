package page

import (
	"context"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/people/link"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	maxFormBytes = 32 << 10
	via          = "page"
	// knownFor is how long after its end a link still tells how the approval ended.
	knownFor = 7 * 24 * time.Hour
)

// desk is what people do with approvals: the same as behind every other door.
type desk interface {
	Approval(ctx context.Context, p soar.Principal, id string) (soar.Approval, error)
	Show(ctx context.Context, p soar.Principal, incidentID string) (protocol.Detail, error)
	Decide(ctx context.Context, p soar.Principal, request incidents.DecideRequest) (soar.Approval, error)
	Ask(ctx context.Context, p soar.Principal, request incidents.AskRequest) (soar.Approval, error)
	// NoteRefusal writes who was refused into the record of the incident.
	NoteRefusal(ctx context.Context, p soar.Principal, what incidents.Refusal, refusal error)
}

type links interface {
	// Open reads a link's token; not_found when it is none.
	Open(ctx context.Context, token string) (link.Opened, error)
	Use(ctx context.Context, opened link.Opened) error
}

// Options are what the page needs.
type Options struct {
	Links links
	Desk  desk
	Now   func() time.Time
	NewID func() string // names questions
	Log   *slog.Logger
}

// Page is the door.
type Page struct {
	o     Options
	forms *http.CrossOriginProtection
}

// New makes the door.
func New(o Options) *Page { return &Page{o, http.NewCrossOriginProtection()} }

// Mount adds the page to a router made by api.NewRouter.
func (d *Page) Mount(router *echo.Echo) {
	router.GET(link.Path+":token", d.get)
	router.HEAD(link.Path+":token", d.get)
	router.POST(link.Path+":token", d.post)
}

// caller is who holds a link, and what he sees by it.
type caller struct {
	link.Opened
	who      soar.Principal
	approval soar.Approval
}

// get shows, and changes nothing.
func (d *Page) get(c echo.Context) error {
	caller, err := d.open(c)
	if err == nil && caller.UsedAt != nil {
		err = d.used(c, caller)
	}
	if err != nil {
		return d.nothing(c, err)
	}
	return d.show(c, http.StatusOK, caller, answer{})
}

// open reads the link and gives what its person sees. Whatever does not open is
// not_found, in the same words, unless something is out of order here.
func (d *Page) open(c echo.Context) (caller, error) {
	ctx := c.Request().Context()
	opened, err := d.o.Links.Open(ctx, c.Param("token"))
	if err != nil {
		return caller{}, err
	}
	as := caller{Opened: opened, who: opened.Person.Principal()}
	if !d.o.Now().Before(opened.ExpiresAt.Add(knownFor)) {
		return caller{}, soar.Errorf(soar.CodeNotFound, "page.open", "this link has ended")
	}
	as.approval, err = d.o.Desk.Approval(ctx, as.who, opened.ApprovalID)
	if code := soar.CodeOf(err); code == soar.CodeDenied || code == soar.CodeNotFound {
		d.note(ctx, as, soar.Errorf(soar.CodeDenied, "page.open", "the person whose link it is may not see the approval"))
		err = soar.Errorf(soar.CodeNotFound, "page.open", "this link is not for you any more")
	}
	return as, err
}

// used refuses a link that its person has decided with, and notes it.
func (d *Page) used(c echo.Context, as caller) error {
	d.note(c.Request().Context(), as, soar.Errorf(soar.CodeConflict, "page.used", "the link was used already"))
	return soar.Errorf(soar.CodeNotFound, "page.used", "this link was used")
}

func (d *Page) note(ctx context.Context, as caller, refusal error) {
	d.o.Desk.NoteRefusal(ctx, as.who, incidents.Refusal{Operation: "the approval page", ApprovalID: as.ApprovalID}, refusal)
}

// form is what a page of ours sends.
type form struct{ do, reason, digest, seal string }

func (d *Page) post(c echo.Context) error {
	if err := d.forms.Check(c.Request()); err != nil {
		return write(c, http.StatusForbidden, view{Refused: true, Told: "This form was sent by another page. Nothing was decided."})
	}
	as, err := d.open(c)
	if err != nil {
		return d.nothing(c, err)
	}
	sent, ok := readForm(c)
	switch {
	case !ok || sent.seal != as.Seal(as.ApprovalID+"\x00"+sent.digest):
		d.note(c.Request().Context(), as, soar.Errorf(soar.CodeDenied, "page.post", "the form is none of the page's own"))
		return write(c, http.StatusForbidden, view{Refused: true, Told: "This form is none of this page's own. Nothing was decided: open the link again."})
	case as.UsedAt != nil && !sentBefore(as, sent):
		return d.nothing(c, d.used(c, as))
	case sent.do == "ask":
		return d.ask(c, as, sent)
	case sent.do == "approve" || sent.do == "deny":
		return d.decide(c, as, sent)
	default:
		return d.show(c, http.StatusBadRequest, as, answer{told: "Choose whether to approve or to deny.", refused: true, reason: sent.reason})
	}
}

func readForm(c echo.Context) (form, bool) {
	request := c.Request()
	kind, _, err := mime.ParseMediaType(request.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return form{}, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), request.Body, maxFormBytes))
	if err != nil {
		return form{}, false
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return form{}, false
	}
	return form{values.Get("do"), values.Get("reason"), values.Get("digest"), values.Get("seal")}, true
}

// sentBefore tells whether exactly this decision was taken with the link: a button
// pressed twice gets the same answer twice.
func sentBefore(as caller, sent form) bool {
	for _, d := range as.approval.Decisions {
		if d.ID == as.DecisionID && d.By.ID == as.who.Actor.ID {
			return d.Approve == (sent.do == "approve") && sent.do != "ask"
		}
	}
	return false
}

func (d *Page) decide(c echo.Context, as caller, sent form) error {
	ctx := c.Request().Context()
	after, err := d.o.Desk.Decide(ctx, as.who, incidents.DecideRequest{
		ApprovalID: as.ApprovalID, DecisionID: as.DecisionID, Approve: sent.do == "approve", Reason: sent.reason, Digest: sent.digest, Via: via,
	})
	if err != nil {
		return d.refused(c, as, err, answer{reason: sent.reason})
	}
	if err := d.o.Links.Use(ctx, as.Opened); err != nil {
		// The decision is committed, and its id is the link's: it cannot be taken twice.
		d.o.Log.WarnContext(ctx, "the use of a link was not written down", "approval", as.ApprovalID, "error", err)
	}
	as.approval = after
	word := "You have denied it."
	if sent.do == "approve" {
		word = "You have approved it."
	}
	return d.show(c, http.StatusOK, as, answer{told: word + " This stands in the record. The link is used up.", closed: true})
}

func (d *Page) ask(c echo.Context, as caller, sent form) error {
	after, err := d.o.Desk.Ask(c.Request().Context(), as.who, incidents.AskRequest{
		ApprovalID: as.ApprovalID, QuestionID: via + "-" + d.o.NewID(), Text: sent.reason, Via: via,
	})
	if err != nil {
		return d.refused(c, as, err, answer{question: sent.reason})
	}
	as.approval = after
	return d.show(c, http.StatusOK, as, answer{told: "Your question was asked. Open the link again to see the answer. The time runs on meanwhile."})
}

// refused says why, and shows how the approval stands now.
func (d *Page) refused(c echo.Context, as caller, refusal error, said answer) error {
	said.refused, said.told = true, "Nothing was changed: "+soar.MessageOf(refusal)
	status := http.StatusConflict
	switch soar.CodeOf(refusal) {
	case soar.CodeInvalid:
		status = http.StatusBadRequest
	case soar.CodeDenied:
		status, said.closed = http.StatusForbidden, true
	case soar.CodeConflict:
	case soar.CodeNotFound:
		return d.nothing(c, refusal)
	default:
		return d.broken(c, refusal)
	}
	if now, err := d.o.Desk.Approval(c.Request().Context(), as.who, as.ApprovalID); err == nil {
		as.approval = now
	}
	return d.show(c, status, as, said)
}

// nothing answers for every link that does not open, in the same words.
func (d *Page) nothing(c echo.Context, err error) error {
	if soar.CodeOf(err) != soar.CodeNotFound {
		return d.broken(c, err)
	}
	return write(c, http.StatusNotFound, view{Refused: true,
		Told: "This link opens nothing. It may have been used already, have ended, or never have been one. The approval itself may still wait: tocsin approval list shows it."})
}

// broken answers when we cannot do our part. Whether a decision was taken is not
// known then; the same form sent again takes it once.
func (d *Page) broken(c echo.Context, err error) error {
	d.o.Log.ErrorContext(c.Request().Context(), "the approval page failed", "error", err)
	c.Response().Header().Set("Retry-After", "5")
	return write(c, http.StatusServiceUnavailable, view{Refused: true, Told: "This cannot be done at the moment. Try again: sent twice, it is decided once."})
}
