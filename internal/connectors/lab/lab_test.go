package lab_test

import (
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/connector/connectortest"
	"github.com/tocsin-soar/tocsin/internal/connectors/lab"
)

func args(values map[string]any) func(string) map[string]any {
	return func(string) map[string]any { return values }
}

func cases() map[string]map[string]connectortest.Case {
	host, user, address := args(map[string]any{"host": "ws-042"}), args(map[string]any{"user": "clerk-17"}), args(map[string]any{"address": "203.0.113.66"})
	const isolation = `{"id":"H-0042","host":"ws-042","isolated":true,"changed":true}`
	const account = `{"user":"clerk-17","enabled":false,"sessions":0,"changed":true}`
	const block = `{"address":"203.0.113.66","blocked":true,"changed":true}`
	ids := args(map[string]any{"ids": []any{"m-1001"}})
	file := args(map[string]any{"sha256": strings.Repeat("ab", 32)})
	const fileBlock = `{"sha256":"aa","blocked":true,"changed":true}`
	return map[string]map[string]connectortest.Case{
		"lab_edr": {
			"file_info":        {Args: file, Answer: `{"sha256":"aa","name":"a.exe","blocked":false,"hosts":["ws-042"],"count":1}`},
			"block_file":       {Args: file, Answer: fileBlock},
			"unblock_file":     {Args: file, Answer: fileBlock},
			"host_info":        {Args: host, Answer: `{"id":"H-0042","name":"ws-042","ip":"192.0.2.42","os":"Windows 11","isolated":false,"processes":[{"pid":1,"name":"a","user":"b","suspicious":true}],"logged_in_users":[]}`},
			"isolate_host":     {Args: host, Answer: isolation},
			"release_host":     {Args: host, Answer: isolation},
			"collect_evidence": {Args: args(map[string]any{"host": "ws-042", "kinds": []any{"auth_log", "connections"}}), Answer: "LAB text", AnyBody: true},
		},
		"lab_directory": {
			"sign_ins":        {Args: user, Answer: `{"user":"clerk-17","count":1,"sign_ins":[{"at":"2026-11-24T08:02:11Z","address":"192.0.2.42","country":"XA","agent":"Outlook 16","mfa":"passed","result":"success"}]}`},
			"user_info":       {Args: user, Answer: `{"name":"clerk-17","email":"clerk-17@lab.example","enabled":true,"groups":["staff"],"privileged":false,"sessions":1}`},
			"disable_user":    {Args: user, Answer: account},
			"enable_user":     {Args: user, Answer: account},
			"revoke_sessions": {Args: user, Answer: account},
			"reset_password":  {Args: user, Answer: account},
		},
		"lab_firewall": {
			"address_info":    {Args: address, Answer: `{"address":"203.0.113.66","blocked":false,"seen_count":412}`},
			"block_address":   {Args: address, Answer: block},
			"unblock_address": {Args: address, Answer: block},
		},
		"lab_mail": {
			"find_messages":       {Args: args(map[string]any{"sender": "billing@phish.example"}), Answer: `{"count":1,"messages":[{"id":"m-1001","mailbox":"clerk-17@lab.example","subject":"Unpaid","clicked":true}]}`},
			"quarantine_messages": {Args: ids, Answer: `{"quarantined":["m-1001"],"count":1,"changed":1}`},
			"restore_messages":    {Args: ids, Answer: `{"restored":["m-1001"],"count":1,"changed":1}`},
			"mailbox_rules":       {Args: args(map[string]any{"mailbox": "clerk-17@lab.example"}), Answer: `{"mailbox":"clerk-17@lab.example","count":1,"rules":[{"id":"r-2001","name":".","forwards_to":"a@b.example","deletes":true,"enabled":true}]}`},
			"disable_rules":       {Args: args(map[string]any{"ids": []any{"r-2001"}}), Answer: `{"ids":["r-2001"],"enabled":false,"changed":1}`},
			"enable_rules":        {Args: args(map[string]any{"ids": []any{"r-2001"}}), Answer: `{"ids":["r-2001"],"enabled":true,"changed":1}`},
			"send":                {Args: args(map[string]any{"to": []any{"clerk-17@lab.example"}, "subject": "Call us", "body": "Please"}), Answer: `{"accepted":1}`},
		},
		"lab_intel": {
			"file_report": {Args: file, Answer: `{"sha256":"aa","malicious":52,"family":"labstealer"}`},
			"ip_report":   {Args: address, Answer: `{"address":"203.0.113.66","malicious":41,"country":"ZZ","reports":1280}`},
			"url_report":  {Args: args(map[string]any{"url": "https://files.invalid/label.zip"}), Answer: `{"url":"https://files.invalid/label.zip","malicious":6,"categories":["malware"]}`},
		},
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	kinds, err := lab.Kinds()
	if err != nil {
		t.Fatal(err)
	}
	if len(kinds) != 5 {
		t.Fatalf("%d kinds", len(kinds))
	}
	for _, kind := range kinds {
		name := kind.Manifest().Connector
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, connectortest.Suite{
				Kind:     kind,
				Settings: func(url string) map[string]string { return map[string]string{"base_url": url} },
				Cases:    cases()[name],
			})
		})
	}
}
