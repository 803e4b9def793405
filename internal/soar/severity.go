package soar

import "slices"

// Severity says how bad an incident or alert is. The empty value means that
// nobody has said yet; it is never treated as "low".
type Severity string

// Severities, mildest first.
const (
	SeverityInfo     Severity = "informational"
	SeverityLow      Severity = "low"
	SeverityMedium   Severity = "medium"
	SeverityHigh     Severity = "high"
	SeverityCritical Severity = "critical"
)

// Severities lists all severities, mildest first.
func Severities() []Severity {
	return []Severity{SeverityInfo, SeverityLow, SeverityMedium, SeverityHigh, SeverityCritical}
}

// Rank orders severities: 0 for unknown, 1 informational ... 5 critical.
func (s Severity) Rank() int { return slices.Index(Severities(), s) + 1 }

// Valid tells whether s is one of Severities.
func (s Severity) Valid() bool { return s.Rank() > 0 }

// Worse gives the worse of two severities.
func (s Severity) Worse(other Severity) Severity {
	if other.Rank() > s.Rank() {
		return other
	}
	return s
}

// Level is a three-step scale used for impact and urgency, whose matrix gives
// the severity (ISO/IEC 27002 5.24, criteria for assessing events).
type Level string

// Levels of impact and urgency.
const (
	LevelLow    Level = "low"
	LevelMedium Level = "medium"
	LevelHigh   Level = "high"
)

// Levels lists all levels, lowest first.
func Levels() []Level { return []Level{LevelLow, LevelMedium, LevelHigh} }

// Valid tells whether l is one of Levels.
func (l Level) Valid() bool { return slices.Contains(Levels(), l) }
