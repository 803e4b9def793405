// Package oncall answers the API's operations on rosters: who is on call, and who is
// instead of whom they name.
package oncall
