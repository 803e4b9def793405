package protocol

// Kinds of timeline events. They stand in the record for ever: add, never reuse.
const (
	EventIncidentOpened    = "incident.opened"
	EventIncidentAssessed  = "incident.assessed"
	EventIncidentDeclared  = "incident.declared"
	EventIncidentPaused    = "incident.paused"
	EventIncidentResumed   = "incident.resumed"
	EventIncidentCancelled = "incident.cancelled"
	EventIncidentClosed    = "incident.closed"
	EventAcknowledged      = "incident.acknowledged"
	EventAlertAdded        = "alert.added"
	EventNote              = "note"
	EventPlaybookStarted   = "playbook.started"
	EventPlaybookEnded     = "playbook.ended"
	EventStepStarted       = "step.started"
	EventStepEnded         = "step.ended"
	EventStepRetried       = "step.retried"
	EventStepSkipped       = "step.skipped"
	EventApprovalRequested = "approval.requested"
	EventApprovalDecision  = "approval.decision"
	EventApprovalEnded     = "approval.ended"
	EventApprovalRefused   = "approval.refused"
	EventTaskOpened        = "task.opened"
	EventTaskDone          = "task.done"
	EventContained         = "containment.active"
	EventReleased          = "containment.released"
	EventReleaseFailed     = "containment.release_failed"
	EventObjectiveMet      = "objective.met"
	EventObjectiveWarning  = "objective.warning"
	EventObjectiveBreached = "objective.breached"
	EventEscalated         = "escalated"
	EventActionIntent      = "action.intent"  // written by the action's activity
	EventActionOutcome     = "action.outcome" // written by the action's activity
	EventActionRefused     = "action.refused" // the guard said no
	EventEvidence          = "evidence.collected"
	EventCommandRefused    = "command.refused" // written by the use case: who tried what
	EventNotified          = "notification.sent"
	EventAlertAssessed     = "alert.assessed"   // judged to be an event, not an incident; chain "system"
	EventCommand           = "command.accepted" // written by the use case: who asked for what
	EventTokenCreated      = "token.created"
	EventTokenRevoked      = "token.revoked"
	EventPlaybookPublished = "playbook.published"
	EventPlaybookActivated = "playbook.activated"
	EventPlaybookDisabled  = "playbook.disabled"
	EventFreeze            = "freeze.set"
)

// More kinds of timeline events.
const (
	EventObjectiveChanged  = "objective.changed"    // counted anew, rests, runs on, or no longer holds
	EventDutyOpened        = "duty.opened"          // a regime applies
	EventDutyDecided       = "duty.decided"         // confirmed or waived by a person
	EventDutySent          = "duty.sent"            // a notice was sent, with its proof
	EventStepNeedsPerson   = "step.needs_person"    // the outcome of an action is not known: a person decides
	EventStepResolved      = "step.resolved"        // what the person decided
	EventContainmentKept   = "containment.extended" // its time was moved
	EventReceived          = "event.received"       // an event that a wait step may take
	EventPlaybooksMatched  = "playbooks.matched"    // asked again which playbooks fit
	EventStateTooLarge     = "state.too_large"      // the workflow cannot continue as new
	EventStepCompensated   = "step.compensated"     // its effect was taken back
	EventApprovalReminded  = "approval.reminded"    // people were reminded
	EventApprovalEscalated = "approval.escalated"   // more people may decide
	EventTaskOverdue       = "task.overdue"

	EventEvidenceExported = "evidence.exported" // somebody took a copy
	EventEvidenceChanged  = "evidence.changed"  // the stored bytes are not those of the digest
	EventEvidenceCustody  = "evidence.custody"  // a person wrote a step of custody

	EventProtectedChanged = "protected.changed" // the list of protected targets; chain "system"
	EventOutboxRetried    = "outbox.retried"    // a parked item was put back in line; chain "system"

	EventPersonChanged         = "person.changed" // the directory and what follows; chain "system"
	EventPersonRefused         = "person.refused" // who tried to give himself what, or to change what he must not
	EventQualificationRecorded = "qualification.recorded"
	EventQualificationRevoked  = "qualification.revoked"
	EventAbsenceSet            = "absence.set"
	EventAbsenceEnded          = "absence.ended"
	EventCompetenceWarned      = "competence.warned" // a qualification ends soon, or too few may decide

	EventApprovalQuestion = "approval.question" // somebody asked for information
	EventApprovalAnswer   = "approval.answer"
	EventApprovalChanged  = "approval.changed" // who must decide followed the severity or category
	EventApprovalAgain    = "approval.again"   // asked anew, because what would run changed

	EventSlackLinked   = "slack.linked" // a Slack user is a person; chain "system"
	EventSlackUnlinked = "slack.unlinked"
	EventSlackRefused  = "slack.refused" // what somebody in Slack was not let do, and why
)
