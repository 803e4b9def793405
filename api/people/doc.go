// Package people answers the API's operations on the directory: who takes part, who is
// qualified for what, who is away, and who may approve what.
package people
