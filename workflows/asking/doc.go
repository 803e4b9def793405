// Package asking looks after requests for approval while they wait: reminders,
// escalation, expiry, questions, and who must decide when the incident changes. It
// only changes the case and speaks to people; it schedules nothing and waits for
// nothing.
package asking
