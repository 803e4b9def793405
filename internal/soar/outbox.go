package soar

import (
	"encoding/json"
	"time"
)

// Kinds of outbox items. Each is enqueued in the transaction that makes it
// necessary and carried out at least once; its receiver must bear repeats.
const (
	OutboxAlertDispatch  = "alert.dispatch"  // AlertDispatch
	OutboxIncidentStart  = "incident.start"  // protocol.IncidentInput
	OutboxIncidentUpdate = "incident.update" // IncidentUpdate
	OutboxNotify         = "notify"          // protocol.Message
)

// OutboxItem is one piece of work that was committed with the change that needs
// it. Items with the same Key are carried out one after the other, oldest first.
type OutboxItem struct {
	ID        int64     `json:"id"`
	Kind      string    `json:"kind"`
	Key       string    `json:"key"`
	Payload   []byte    `json:"payload"`  // JSON
	Attempts  int       `json:"attempts"` // claims so far, this one included
	CreatedAt time.Time `json:"created_at"`
	Problem   string    `json:"problem,omitempty"` // what the last attempt said
}

// AlertDispatch is the payload of alert.dispatch.
type AlertDispatch struct {
	AlertID string `json:"alert_id"`
}

// IncidentUpdate is the payload of incident.update: one Update of the incident's
// workflow. UpdateID makes it happen once however often it is sent.
type IncidentUpdate struct {
	IncidentID string          `json:"incident_id"`
	Update     string          `json:"update"` // protocol.Update...
	UpdateID   string          `json:"update_id"`
	Payload    json.RawMessage `json:"payload"` // the update's struct in protocol
}
