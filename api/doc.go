// Package api is the JSON door: the HTTP API under /api/v1, health checks, the
// description and its page.
//
// openapi.yaml is the source of everything: the types and the router glue in
// api/gen are generated from it, and api/spec reads from it who may call what
// and what an input looks like. A request passes
//
//	log, recover, request id, headers      router.go, access.go
//	-> guard: size, token, permission,     guard.go
//	   content type, input as described
//	-> one handler: decode, call, encode   one file per noun
//	-> problem.go, when anything failed
//
// There is no rule of the business here: use cases decide and record, in
// internal/intake, incidents, library and access. They come in as the small
// interfaces of Services; internal/app plugs them in. echo.Context does not
// leave this package.
package api
