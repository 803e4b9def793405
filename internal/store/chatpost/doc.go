// Package chatpost keeps which messages of a chat show which incident, so that they
// are brought up to date and not written again. What has changed is found by the
// head of each incident's record: who writes incidents does nothing for it.
package chatpost
