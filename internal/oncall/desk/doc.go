// Package desk answers who is on call: rosters of the policy files, with the overrides
// and absences of the database.
package desk
