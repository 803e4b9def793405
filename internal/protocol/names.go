package protocol

// TaskQueue is the one task queue of workflows and activities.
const TaskQueue = "tocsin"

// Workflow types.
const WorkflowIncident = "incident"

// Activity types.
const (
	ActivityAction  = "action_run"      // one connector action through guard and ledger: ActionRequest -> ActionResult
	ActivityJournal = "journal_write"   // events and views into the record and the projection: JournalBatch -> JournalReceipt
	ActivityMatch   = "playbooks_match" // which playbooks fit the incident now: MatchRequest -> MatchResult
	ActivityPin     = "playbook_pin"    // a playbook's active version by name, with its inputs: PinRequest -> RunPin

	ActivityDecisions = "decisions_committed" // what people decided, before a request expires: DecisionsRequest -> CommittedDecisions
)

// Updates of the incident workflow. The UpdateID is the command's id; sent
// twice, it is done once and answered the same.
const (
	UpdateAddAlert     = "add_alert"
	UpdateDecide       = "decide"
	UpdateCompleteTask = "complete_task"
	UpdateDeclare      = "declare"
	UpdateNote         = "note"
	UpdateAcknowledge  = "acknowledge"
	UpdatePause        = "pause"
	UpdateResume       = "resume"
	UpdateCancel       = "cancel"
	UpdateRetryStep    = "retry_step"
	UpdateSkipStep     = "skip_step"
	UpdateRunPlaybook  = "run_playbook"
	UpdateRelease      = "release" // take one containment back now
	UpdateEvent        = "event"   // an event that a wait step may be waiting for
	UpdateClose        = "close"
	UpdateDuty         = "duty"            // DutyCommand: confirmed, waived or sent
	UpdateMarkDone     = "mark_done"       // StepCommand: the action whose outcome is not known did happen
	UpdateExtend       = "extend"          // move the time at which a containment is released by itself
	UpdateAsk          = "ask_information" // about an approval
	UpdateAnswer       = "answer_question" // about an approval
)

// QueryState gives a StateView.
const QueryState = "state"

// Search attributes, registered at start-up. They are never encrypted: no free
// text and nothing from an alert goes into them.
const (
	SearchSeverity       = "TocsinSeverity"       // Keyword
	SearchStatus         = "TocsinStatus"         // Keyword
	SearchCategory       = "TocsinCategory"       // Keyword
	SearchOwner          = "TocsinOwner"          // Keyword
	SearchNextDeadline   = "TocsinNextDeadline"   // Datetime
	SearchObjectiveState = "TocsinObjectiveState" // Keyword: running | warning | breached | met; breached also when it was met late since
	SearchClockStates    = "TocsinClockStates"    // KeywordList, how each clock stands now: running | warning | breached | paused | met | met_late | unmet | dropped
)

// SearchAttributes gives the attributes with their Temporal types.
func SearchAttributes() map[string]string {
	return map[string]string{
		SearchSeverity: "Keyword", SearchStatus: "Keyword", SearchCategory: "Keyword",
		SearchOwner: "Keyword", SearchNextDeadline: "Datetime", SearchObjectiveState: "Keyword",
		SearchClockStates: "KeywordList",
	}
}
