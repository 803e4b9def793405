package demo

import (
	"encoding/json"
	"strconv"
	"time"
)

// sshAlert is what a Wazuh manager sends when its sshd rules fire. Each call makes
// a new event: its id and its time differ.
func sshAlert(now time.Time) ([]byte, error) {
	return json.Marshal(map[string]any{
		"timestamp": now.UTC().Format("2006-01-02T15:04:05.000-0700"),
		"id":        strconv.FormatInt(now.Unix(), 10) + "." + strconv.Itoa(now.Nanosecond()),
		"rule": map[string]any{
			"id": "5763", "level": 10, "firedtimes": 1,
			"description": "sshd: brute force trying to get access to the system. Authentication failed.",
			"mitre":       map[string]any{"id": []string{"T1110"}, "tactic": []string{"Credential Access"}, "technique": []string{"Brute Force"}},
			"groups":      []string{"syslog", "sshd", "authentication_failures"},
		},
		"agent":    map[string]any{"id": "007", "name": "web-01", "ip": "192.0.2.10"},
		"manager":  map[string]any{"name": "wazuh-manager"},
		"decoder":  map[string]any{"name": "sshd", "parent": "sshd"},
		"location": "/var/log/auth.log",
		"full_log": "sshd[4121]: Failed password for deploy from 203.0.113.66 port 51022 ssh2",
		"data":     map[string]any{"srcip": "203.0.113.66", "srcport": "51022", "dstuser": "deploy"},
	})
}

// phishingReport is what a report button in a mail program sends, in the generic
// form of the API.
func phishingReport(now time.Time) ([]byte, error) {
	return json.Marshal(map[string]any{
		"id":          "report-" + strconv.FormatInt(now.UnixNano(), 36),
		"title":       "Phishing reported: Unpaid invoice 8841",
		"description": "I clicked the link in this mail and the page looked odd.",
		"severity":    "high",
		"occurred_at": now.UTC().Format(time.RFC3339),
		"host":        map[string]any{"name": "ws-042"},
		"user":        map[string]any{"name": "clerk-17", "email": "clerk-17@lab.example"},
		"urls":        []string{"https://login.phish.example/verify?id=8841"},
		"techniques":  []string{"T1566.002"},
	})
}
