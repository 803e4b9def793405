package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// tagOf gives the ETag of a noun: of all that JSON shows of it.
func tagOf(noun any) string {
	doc, err := json.Marshal(noun)
	if err != nil {
		return `"none"` // nouns that were stored as JSON can be written as JSON
	}
	sum := sha256.Sum256(doc)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// holds tells whether an If-Match names the tag; nil asks for nothing. tag is
// empty when there is nothing that could have one.
func holds(match *string, tag string) bool {
	if match == nil {
		return true
	}
	for one := range strings.SplitSeq(*match, ",") {
		if one = strings.TrimSpace(one); tag != "" && (one == "*" || one == tag) {
			return true
		}
	}
	return false
}

// matches gives nil when an If-Match holds.
func matches(match *string, tag, what string) error {
	if holds(match, tag) {
		return nil
	}
	return changedMeanwhile(what)
}

func changedMeanwhile(what string) error {
	return &refusal{status: http.StatusPreconditionFailed, code: soar.CodeConflict, field: "If-Match", message: what + " was changed in the meantime; read it again"}
}
