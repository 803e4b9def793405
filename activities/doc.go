// Package activities is where the workflow's decisions reach the world. Each
// activity is thin and registered under protocol's name.
//
//	action_run       one connector action through guard and action ledger
//	journal_write    events and views into the record and the projection
//	playbooks_match  which playbooks fit the incident now
//	playbook_pin     a playbook's active version by name
//
// action_run keeps the promise "never lose or repeat an action":
//
//	look up the key -> guard -> intent (with record entry) -> budget
//	   -> call -> [freeze? still ours? -> sent] -> bytes leave -> read back
//	   -> confirmed | failed | unknown, each with its record entry
//
// Whoever moves an entry to sent holds its attempt number; an older attempt that
// wakes up is refused there. What is known stands in the ledger, so that another
// attempt can go on from any line. The rules are in internal/guard, the calls in
// internal/connector, the rows in internal/store behind the interfaces here.
package activities
