package connector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

func encodeBody(value any) ([]byte, error) {
	if value == nil {
		return nil, nil
	}
	body, err := json.Marshal(value)
	if err != nil {
		return nil, errors.New("the body cannot be written as JSON")
	}
	return limitBody(body)
}

// RawBody is a body that is sent as it is.
type RawBody struct {
	Type string // media type; text/plain in UTF-8 when empty
	Text string
}

// describe sets the media type after the body is set. It does nothing for nil.
func (b *RawBody) describe(request *http.Request) {
	switch {
	case b == nil:
	case b.Type == "":
		request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	default:
		request.Header.Set("Content-Type", b.Type)
	}
}

func rawOrJSON(raw *RawBody, value any) ([]byte, error) {
	if raw == nil {
		return encodeBody(value)
	}
	if strings.ContainsFunc(raw.Type, control) {
		return nil, errors.New("the media type of the body holds a control character")
	}
	return limitBody([]byte(raw.Text))
}

func limitBody(body []byte) ([]byte, error) {
	if len(body) > maxRequestBody {
		return nil, fmt.Errorf("the body has %d bytes; at most %d", len(body), maxRequestBody)
	}
	return body, nil
}

// setBody gives the request a body that cannot be read twice: without GetBody no
// layer below can send it again.
func setBody(request *http.Request, body []byte) {
	if body == nil {
		return
	}
	request.Body, request.ContentLength = onceBody{bytes.NewReader(body)}, int64(len(body))
	request.Header.Set("Content-Type", "application/json")
}

type onceBody struct{ *bytes.Reader }

// Close does nothing.
func (onceBody) Close() error { return nil }
