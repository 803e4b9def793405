// Package door takes the events of Slack, by HTTP and by Socket Mode, and hands
// those that are genuine, new and of a known person to the Desk.
//
// What an event passes, in this order; nothing is done before all of it:
//
//	size        at most 256 KiB, before anything is read
//	signature   HMAC over the raw body, one header each, five minutes both ways (HTTP)
//	form        read by its own small types; what is not understood is refused
//	origin      this app, this workspace, no organisation-wide installation
//	room        a worker is free: what cannot be worked on is refused, not queued
//	once        its nonces are taken in PostgreSQL: a replay is refused by every
//	            process, also after a restart
//	who         Slack says that the user is a full member now; he is linked to a
//	            person who is active now, with the roles held now
//	answer      when the work is done, or at the end of the budget
//
// All of it together has one budget, slack.AnswerTime, from the receipt of the request
// to its answer, whatever stands still: PostgreSQL, Temporal or Slack itself. The
// nonces have three fifths of it. Whoever clicked is told the truth in each case:
//
//	done in time       the answer says so, or why it was refused
//	nonces not taken   nothing was recorded, send it again; a click is told so in a
//	                   message, and where that fails too Slack is answered with an
//	                   error, so that it warns the person itself
//	failed at the end  nothing was recorded, or it is not known whether (after a commit
//	                   that was not answered), with where to look
//	budget over        it is not known yet; a message follows, and the answer says where
//	                   to look if none does
//
// The nonces are taken before, and not in, the transaction of what they let through:
// what that is, and whether it is one transaction, is the use cases' to say. So a
// process that dies in between loses an event and never doubles one. It is not lost
// in silence: Slack was not answered, and warns the person. Who then sends the same
// modal again, with another trigger and so with other nonces, sends the same id of a
// decision (the desk makes it of modal, person and purpose), and is told what became of
// it, whichever of the two it was that got through.
package door
