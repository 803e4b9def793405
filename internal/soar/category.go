package soar

import "slices"

// Category is the kind of incident: a type of the Reference Security Incident
// Taxonomy (RSIT, CC0), written in snake_case. Its class is one level up.
type Category string

// The categories that code names; Categories has all of them.
const (
	CategoryUndetermined Category = "undetermined"
	CategoryBruteForce   Category = "brute_force"
	CategoryPhishing     Category = "phishing"
)

// CategoryClass is one class of the taxonomy with its types, in its order.
type CategoryClass struct {
	Class string
	Types []Category
}

// CategoryClasses lists the taxonomy: RSIT working copy, classes in its order.
func CategoryClasses() []CategoryClass {
	return []CategoryClass{
		{"abusive_content", []Category{"spam", "harmful_speech", "violence"}},
		{"malicious_code", []Category{"infected_system", "c2_server", "malware_distribution", "malware_configuration"}},
		{"information_gathering", []Category{"scanner", "sniffing", "social_engineering"}},
		{"intrusion_attempts", []Category{"ids_alert", CategoryBruteForce, "exploit"}},
		{"intrusions", []Category{"privileged_account_compromise", "unprivileged_account_compromise", "application_compromise", "system_compromise", "burglary"}},
		{"availability", []Category{"dos", "ddos", "misconfiguration", "sabotage", "outage"}},
		{"information_content_security", []Category{"unauthorised_information_access", "unauthorised_information_modification", "data_loss", "data_leak"}},
		{"fraud", []Category{"unauthorised_use_of_resources", "copyright", "masquerade", CategoryPhishing}},
		{"vulnerable", []Category{"weak_crypto", "ddos_amplifier", "potentially_unwanted_accessible", "information_disclosure", "vulnerable_system"}},
		{"other", []Category{"other", CategoryUndetermined}},
		{"test", []Category{"test"}},
	}
}

// Categories lists all categories in the taxonomy's order.
func Categories() []Category {
	var all []Category
	for _, class := range CategoryClasses() {
		all = append(all, class.Types...)
	}
	return all
}

// Class gives the taxonomy class of c, or "" when c is not in the taxonomy.
func (c Category) Class() string {
	for _, class := range CategoryClasses() {
		if slices.Contains(class.Types, c) {
			return class.Class
		}
	}
	return ""
}

// Valid tells whether c is in the taxonomy.
func (c Category) Valid() bool { return c.Class() != "" }
