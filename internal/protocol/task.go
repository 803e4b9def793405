package protocol

import "github.com/tocsin-soar/tocsin/internal/soar"

// UpdateHandTask changes who has a task: HandTask.
const UpdateHandTask = "hand_task"

// What a HandTask does.
const (
	TaskClaim   = "claim"   // somebody takes it on
	TaskAssign  = "assign"  // it is given to somebody
	TaskRelease = "release" // it is given back, or taken back
)

// HandTask says that a task was claimed, given to somebody or given back. It was
// decided and committed with the holding that came of it before it was sent, so that of
// several the one with the most changes counts, in whatever order they arrive.
type HandTask struct {
	Command
	TaskID  string         `json:"task_id"`
	Do      string         `json:"do"` // claim | assign | release
	To      *soar.Approver `json:"to,omitempty"`
	Holding soar.Holding   `json:"holding"`
}
