package connector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
