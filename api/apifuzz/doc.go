// Package apifuzz makes requests from the API's own description and looks
// whether every answer is one that the description has.
//
// From openapi.yaml alone it draws, for each operation, requests as they should
// be and requests that are wrong in one way: a field dropped, of another type,
// too long, unknown; a word that is not in the list; a number out of range; a
// parameter of another form; a body that is cut, repeated, nested, of another
// media type; no token, a broken one, one that was revoked, one without the
// right. An answer offends when
//
//   - its status, media type, headers or body are not as described,
//   - it is a 5xx,
//   - it is a success although the request was wrong or its sender may not.
//
// Each offender comes with a curl command that sends the same again. The same
// seed draws the same requests, as far as ids that the server gives out allow.
//
//	report, err := apifuzz.Run(ctx, apifuzz.Options{BaseURL: url, Tokens: tokens})
//
// Requests that are right are carried out: run it on an installation that was
// made for it. What a request means is not judged here; the tests of the use
// cases do that.
package apifuzz
