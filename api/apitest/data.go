package apitest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Start is when everything in the fake began.
var Start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Digest is what the pending approval binds.
const Digest = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

// Collected is what the item of evidence holds.
const Collected = "tcp ESTAB 10.0.0.5:22 203.0.113.7:4711\n"

// Source is the playbook that the fake holds.
const Source = "tocsin: v1\nplaybook: ssh_brute_force\nversion: 1.2.0\n"

func detail() protocol.Detail {
	later := Start.Add(time.Hour)
	incident := soar.Incident{
		ID: IncidentID, Title: "Many failed logins on web-01\x1b[31m", Status: soar.StatusAssessed, Severity: soar.SeverityHigh,
		Impact: soar.LevelHigh, Urgency: soar.LevelMedium, Category: soar.CategoryBruteForce, TLP: soar.TLPAmber, Owner: "analyst@lab.invalid",
		Facts: map[string]any{"host": "web-01"}, OpenedBy: soar.System("intake"), OpenedAt: Start,
	}
	return protocol.Detail{
		Incident: incident,
		Runs: []protocol.RunView{{RunID: "r1", Playbook: Playbook, Version: "1.2.0", Digest: Digest, Status: soar.StepRunning, StartedAt: Start,
			Steps: []protocol.StepView{
				{Key: "r1/reputation", RunID: "r1", StepID: "reputation", Kind: "action", Title: "Look the address up", Action: "intel.ip_report", Status: soar.StepSucceeded, StartedAt: Start, EndedAt: &later},
				{Key: "r1/isolate", RunID: "r1", StepID: "isolate", Kind: "action", Action: "edr.isolate_host", Status: soar.StepFailed, Error: "no answer", StartedAt: Start},
			}}},
		Approvals:    []soar.Approval{approval()},
		Tasks:        []soar.Task{{ID: TaskID, IncidentID: IncidentID, StepPath: "ask", Title: "Ask the owner", Status: soar.TaskOpen, Assignee: soar.Approver{Role: soar.RoleAnalyst}, Form: taskForm(), CreatedAt: Start, DueAt: &later}},
		Containments: []soar.Containment{{ID: "key1", IncidentID: IncidentID, StepPath: "isolate", Action: "edr.isolate_host", Undo: "edr.release_host", Target: "web-01", Since: Start, Until: &later, State: "active"}},
		Objectives: []soar.Objective{{Name: "acknowledge", DueAt: later, Policy: "default 1"}, {
			Name: "eu-gdpr-33/notification", DueAt: later, Policy: "eu 1", Rule: "eu-gdpr-33",
			Duty: &soar.DutyStage{Regime: "eu-gdpr-33", Stage: "notification", Title: "GDPR Article 33(1): notification", To: "the authority", State: soar.DutyRunning,
				Why: "72 hours after aware", Source: "Regulation (EU) 2016/679, Article 33", Verification: "primary", Pack: "eu 1", Draft: "To: the authority\nWhat is known:"},
		}},
		Evidence: []soar.Evidence{evidence()},
		Alerts:   []soar.Alert{alert()},
	}
}

func alert() soar.Alert {
	return soar.Alert{
		ID: AlertID, Source: "wazuh", ExternalID: "4711", Fingerprint: Digest, Parsed: true, Title: "sshd: brute force", Severity: soar.SeverityHigh,
		Category: soar.CategoryBruteForce, Rule: soar.Rule{ID: "5712"}, Host: soar.Host{Name: "web-01"}, SourceIP: "203.0.113.7",
		Fields: map[string]any{"level": 10}, OccurredAt: Start, ReceivedAt: Start, RawSHA256: Digest, RawBytes: 22, Count: 2, IncidentID: IncidentID,
	}
}

func approval() soar.Approval {
	return soar.Approval{
		ID: ApprovalID, IncidentID: IncidentID, StepPath: "ask", Title: "Isolate web-01 and block 203.0.113.7\u202e", Status: soar.ApprovalPending,
		Approvers: []soar.Approver{{Role: soar.RoleSOCLead}}, Quorum: 1, Digest: Digest, OnExpire: "deny",
		Bound: []soar.BoundAction{
			{StepPath: "isolate", Action: "edr.isolate_host", Args: map[string]any{"host": "web-01", "comment": "brute force\x1b[2J"}},
			{StepPath: "block", Action: "firewall.block_address", Args: map[string]any{"address": "203.0.113.7"}},
		},
		Shown: []soar.ShownAction{
			{StepPath: "isolate", Action: "edr.isolate_host", Title: "Isolate web-01", Target: "web-01", Why: "Contain the host", Risk: soar.RiskChange, Undo: "edr.release_host", ExpiresIn: time.Hour},
			{StepPath: "block", Action: "firewall.block_address", Title: "firewall.block_address", Target: "203.0.113.7", Risk: soar.RiskDestroy},
		},
		Questions:   []soar.Question{{ID: QuestionID, AskedBy: soar.Actor{Kind: soar.ActorPerson, ID: "chief@lab.invalid"}, Text: "Is it in use?\x1b[2J", At: Start}},
		RequestedBy: soar.Actor{Kind: soar.ActorPlaybook, ID: Playbook}, RequestedAt: Start, ExpiresAt: Start.Add(30 * time.Minute),
	}
}

func evidence() soar.Evidence {
	return soar.Evidence{
		ID: EvidenceID, IncidentID: IncidentID, StepPath: "collect", Name: "../connections.txt", MediaType: "text/plain", Bytes: int64(len(Collected)), SHA256: digestOf(Collected), SHA512: Digest + Digest,
		Source: "web-01", Method: "edr.collect_evidence", Volatility: 2, CollectedBy: soar.System("worker"), CollectedAt: Start, TLP: soar.TLPAmber,
	}
}

func playbooks() []soar.PlaybookVersion {
	by := soar.Actor{Kind: soar.ActorPerson, ID: "engineer@lab.invalid"}
	old := soar.PlaybookVersion{Playbook: Playbook, Version: "1.1.0", Digest: "aa" + Digest[2:], Source: Source, Plan: json.RawMessage(`{"playbook":"ssh_brute_force"}`), PublishedBy: by, PublishedAt: Start.Add(-time.Hour)}
	current := old
	current.Version, current.Digest, current.Active, current.PublishedAt = "1.2.0", digestOf(Source), true, Start
	return []soar.PlaybookVersion{current, old}
}

func digestOf(source string) string {
	sum := sha256.Sum256([]byte(source))
	return hex.EncodeToString(sum[:])
}

func catalog() manifest.Catalog {
	host := map[string]any{"type": "object", "properties": map[string]any{"host": map[string]any{"type": "string"}}}
	return manifest.Catalog{"edr": {
		Connector: "lab_edr", Version: "1.0.0", Title: "Lab EDR", Tested: "the lab", Digest: Digest,
		Actions: []manifest.Action{
			{Name: "host_info", Title: "Look a host up", Risk: soar.RiskRead, Input: host, Timeout: 30 * time.Second},
			{Name: "isolate_host", Title: "Isolate a host", Risk: soar.RiskChange, Input: host, Target: "host", Protects: "host", Undo: &manifest.Undo{Action: "release_host"}, Idempotent: true, Timeout: time.Minute},
		},
	}}
}

func taskForm() map[string]any {
	return map[string]any{"type": "object", "properties": map[string]any{
		"number": map[string]any{"type": "string"}, "confirmed": map[string]any{"type": "boolean"},
		"host": map[string]any{"type": "object", "properties": map[string]any{"name": map[string]any{"type": "string"}}},
	}}
}
