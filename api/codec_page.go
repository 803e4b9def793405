package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for codec.html and codec.css
	"encoding/base64"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// codecPath is where the codec endpoint is, and the only place that its cookie is
// sent to.
const codecPath = "/codec"

const (
	codecCookie    = "tocsin_codec"
	codecCookieFor = 8 * time.Hour
	maxFormBytes   = 4 << 10
)

//go:embed codec.html
var codecHTML string

//go:embed codec.css
var codecCSS string

// codecView is what the page shows.
type codecView struct {
	Style   template.CSS
	Path    string
	Who     string // "": nobody is signed in
	Token   string // its id
	Message string // why a token was refused
	Hours   int
}

// showPage shows who is signed in, or asks for a token.
func (d codecDoor) showPage(c echo.Context) error {
	if _, err := c.Request().Cookie(codecCookie); err != nil {
		return writePage(c, http.StatusOK, codecView{})
	}
	who, err := d.identify(c.Request())
	if err != nil {
		return refusePage(c, err)
	}
	return writePage(c, http.StatusOK, codecView{Who: who.Actor.String(), Token: who.Token})
}

// signIn keeps a token in the browser when it is valid and may decrypt. It is checked
// again with each request.
func (d codecDoor) signIn(c echo.Context) error {
	if err := d.ownPage(c); err != nil {
		return err
	}
	body, err := readMost(c, maxFormBytes)
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(string(body))
	token := strings.TrimSpace(form.Get("token"))
	if err != nil || token == "" {
		return refusePage(c, invalid("token", "a token is needed: tocsin_..."))
	}
	if _, err := d.admit(c.Request(), "Bearer "+token); err != nil {
		return refusePage(c, err)
	}
	keep(c, token, int(codecCookieFor.Seconds()))
	return c.Redirect(http.StatusSeeOther, codecPath)
}

func (d codecDoor) signOut(c echo.Context) error {
	if err := d.ownPage(c); err != nil {
		return err
	}
	keep(c, "", -1)
	return c.Redirect(http.StatusSeeOther, codecPath)
}

// ownPage refuses forms that another page sends.
func (d codecDoor) ownPage(c echo.Context) error {
	if err := d.forms.Check(c.Request()); err != nil {
		return soar.Wrap(soar.CodeDenied, "api.codec", err, "this form was sent by another page")
	}
	return nil
}

// keep sets the cookie for so many seconds; a negative number removes it. A token has
// only characters that a cookie may have.
func keep(c echo.Context, token string, seconds int) {
	c.SetCookie(&http.Cookie{
		Name: codecCookie, Value: token, Path: codecPath, MaxAge: seconds,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: !onLoopback(c.Request()),
	})
}

// onLoopback tells whether the browser has reached us in plain HTTP on its own machine.
func onLoopback(request *http.Request) bool {
	if request.TLS != nil {
		return false
	}
	host := request.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && address.IsLoopback()
}

// refusePage asks for another token.
func refusePage(c echo.Context, err error) error {
	body, _ := problem(err, "")
	if body.Status >= http.StatusInternalServerError {
		return err
	}
	message := ""
	if body.Detail != nil {
		message = *body.Detail
	}
	return writePage(c, body.Status, codecView{Message: message})
}

func writePage(c echo.Context, status int, view codecView) error {
	view.Style, view.Path, view.Hours = template.CSS(codecCSS), codecPath, int(codecCookieFor.Hours()) //nolint:gosec // our own file
	page, err := template.New("codec").Parse(codecHTML)
	if err != nil {
		return fmt.Errorf("codec.html: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, view); err != nil {
		return fmt.Errorf("codec.html: %w", err)
	}
	sum := sha256.Sum256([]byte(codecCSS))
	header := c.Response().Header()
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "same-origin") // without it a browser sends "Origin: null" with the form
	return c.HTMLBlob(status, out.Bytes())
}
