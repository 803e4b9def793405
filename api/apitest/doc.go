// Package apitest serves the API over a fake of everything behind it, for tests
// of the door, of its client and of the command line.
//
//	fake := apitest.NewFake()
//	server := apitest.Serve(t, fake)
//	server.URL, apitest.Token(soar.RoleAnalyst)
//
// The fake keeps one of each noun in memory, notes what it was asked to do, and
// fails where it is told to. Rules of the business are not repeated here; their
// tests are with the use cases.
package apitest
