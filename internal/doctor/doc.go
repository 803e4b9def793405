// Package doctor looks at an installation from the machine it runs on, as a person
// would at three in the morning: configuration, database, Temporal, disk, policy,
// connectors, Slack, record and outbox. It changes nothing but a probe file that it takes
// away again, and sends nothing to any connector.
//
// Every finding is ok, a warning or a failure, and says what to do. What could not
// be looked at because something before it failed is left out, not called ok.
package doctor
