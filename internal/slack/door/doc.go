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
//	answer      a click is answered now; a modal or a command when it is done, or
//	            after AnswerTime, and then the rest is told afterwards
//	who         Slack says that the user is a full member now; he is linked to a
//	            person who is active now, with the roles held now
//
// A click that was answered and whose process dies before it is carried out is
// lost; the person sees that nothing happened and clicks again. A click that was
// carried out is never carried out twice: its Key is the id of what it causes.
package door
