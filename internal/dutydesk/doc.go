// Package dutydesk shows which duties to notify an incident has or may have, drafts
// their notices from what is known now, and checks proofs of sending. What people
// decide about duties is a command; see package incidents.
package dutydesk
