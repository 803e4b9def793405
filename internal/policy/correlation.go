package policy

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of the time in which alerts may join.
const (
	withinLeast = time.Minute
	withinMost  = 90 * 24 * time.Hour
)

// Correlation holds the rules that say which alerts belong together.
type Correlation struct {
	Version string
	Rules   []CorrelationRule
}

// CorrelationRule gives alerts that fit a key; equal keys belong together.
type CorrelationRule struct {
	ID     string
	Within time.Duration // since the incident was opened
	when   *expression.Program
	key    []*expression.Program
}

// Group is what an alert belongs to.
type Group struct {
	Rule   string
	Key    string // rule id, colon, SHA-256 hex over the length-prefixed values
	Within time.Duration
}

// Correlate gives the group of an alert by the first rule that fits; ok is false
// when it stands alone. A rule fits when its condition holds and no value of its
// key is empty: two alerts that both lack a host have nothing in common. A rule
// that cannot be evaluated does not fit.
func (p *Policy) Correlate(alert soar.Alert) (group Group, ok bool) {
	vars, _, err := p.variables(alert)
	if err != nil {
		return Group{}, false
	}
	for _, rule := range p.Correlation.Rules {
		if rule.when != nil {
			if fits, err := rule.when.Bool(vars); err != nil || !fits {
				continue
			}
		}
		if key, ok := rule.value(vars); ok {
			return Group{Rule: rule.ID, Key: key, Within: rule.Within}, true
		}
	}
	return Group{}, false
}

// WithCorrelation gives a copy of the policy with other correlation rules, nil when
// the list has errors. file is shown in diagnostics. It is for trying rules: the
// digest stays that of the files.
func (p *Policy) WithCorrelation(file string, source []byte) (*Policy, diag.List) {
	other := *p
	if faults := other.read(fileCorrelation, file, source); faults.HasErrors() {
		return nil, faults
	}
	return &other, nil
}

func (r CorrelationRule) value(vars map[string]any) (string, bool) {
	hash := sha256.New()
	for _, program := range r.key {
		value, err := program.Eval(vars)
		if err != nil || value == nil {
			return "", false
		}
		text, err := expression.FormatText(value)
		if err != nil || text == "" || text == "[]" || text == "{}" {
			return "", false
		}
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(text)))
		hash.Write(size[:])
		hash.Write([]byte(text))
	}
	return r.ID + ":" + hex.EncodeToString(hash.Sum(nil)), true
}

func (s *sheet) correlation(root *strictyaml.Node) Correlation {
	var c Correlation
	if !s.Keys(root, "the file", []string{"version", "rules"}, []string{"version", "rules"}) {
		return c
	}
	c.Version = s.version(root.Get("version"))
	seen := map[string]bool{}
	for _, item := range s.items(root.Get("rules"), "rules") {
		c.Rules = append(c.Rules, s.correlationRule(item, seen))
	}
	return c
}

func (s *sheet) correlationRule(n *strictyaml.Node, seen map[string]bool) CorrelationRule {
	if !s.Keys(n, "a rule", []string{"id", "when", "key", "within"}, []string{"id", "key", "within"}) {
		return CorrelationRule{}
	}
	rule := CorrelationRule{
		ID:     s.id(n.Get("id"), "id", seen),
		Within: s.Duration(n.Get("within"), "within", withinLeast, withinMost),
		when:   s.condition(n.Get("when"), judging()),
	}
	for _, item := range s.some(n.Get("key"), "key") {
		if program := s.expression(item, judging(), nil); program != nil {
			rule.key = append(rule.key, program)
		}
	}
	return rule
}
