// Package duty answers the API's operations that show duties to notify and their drafts.
package duty
