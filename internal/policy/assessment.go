package policy

import (
	"fmt"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Assessment holds the criteria that decide whether an event is an incident
// (ISO/IEC 27002:2022 5.25) and the rules that give it a category.
type Assessment struct {
	Version    string
	Categories []CategoryRule
	Criteria   []Criterion
	Default    Criterion // when no criterion fits; without a condition
}

// CategoryRule gives a category to alerts that fit and do not bring one.
type CategoryRule struct {
	ID       string
	Category soar.Category
	when     *expression.Program
}

// Criterion judges alerts that fit. The first that fits decides.
type Criterion struct {
	ID       string
	Incident bool
	Category soar.Category // empty: from the mapping, then from the category rules
	Impact   soar.Level    // set when Incident
	Urgency  soar.Level    // set when Incident
	Reason   string
	when     *expression.Program
}

// criterionFailed names the decision that is taken when a criterion could not be
// evaluated: something is wrong with the alert or the policy, and a person looks.
const criterionFailed = "criterion_failed"

// Assess judges an alert. It never fails: an expression that cannot be evaluated
// makes an incident of medium severity or worse, because an attacker writes what
// expressions read and must not be able to stay unseen by that.
func (p *Policy) Assess(alert soar.Alert, at time.Time) soar.Assessment {
	result := soar.Assessment{By: soar.System("assessment " + p.Assessment.Version), At: at.UTC()}
	vars, category, err := p.variables(alert)
	criterion := Criterion{}
	if err == nil {
		criterion, err = p.Assessment.judge(vars)
	}
	if err != nil {
		criterion = Criterion{
			ID: criterionFailed, Incident: true, Impact: soar.LevelMedium, Urgency: soar.LevelMedium,
			Reason: soar.Shorten(fmt.Sprintf("the alert could not be judged (%v), so a person has to look at it", err), 300),
		}
	}
	result.Incident, result.Criterion, result.Reason = criterion.Incident, criterion.ID, criterion.Reason
	result.Category = firstCategory(criterion.Category, category, soar.CategoryUndetermined)
	if criterion.Incident {
		result.Impact, result.Urgency = criterion.Impact, criterion.Urgency
		result.Severity = p.Severity.Of(criterion.Impact, criterion.Urgency)
	}
	if criterion.ID == criterionFailed {
		result.Severity = result.Severity.Worse(alert.Severity)
	}
	return result
}

// variables gives what criteria and correlation rules read, and the category that
// was found for it.
func (p *Policy) variables(alert soar.Alert) (vars map[string]any, category soar.Category, err error) {
	values, err := AlertValues(alert)
	if err != nil {
		return nil, alert.Category, fmt.Errorf("the alert cannot be read: %w", err)
	}
	vars = map[string]any{"alert": values}
	category = alert.Category
	for _, rule := range p.Assessment.Categories {
		if category != "" && category != soar.CategoryUndetermined {
			break
		}
		fits, err := rule.when.Bool(vars)
		if err != nil {
			return nil, category, fmt.Errorf("category rule %s: %w", rule.ID, err)
		}
		if fits {
			category = rule.Category
		}
	}
	vars["category"] = string(firstCategory(category, soar.CategoryUndetermined))
	return vars, category, nil
}

func (a Assessment) judge(vars map[string]any) (Criterion, error) {
	for _, criterion := range a.Criteria {
		fits, err := criterion.when.Bool(vars)
		if err != nil {
			return Criterion{}, fmt.Errorf("criterion %s: %w", criterion.ID, err)
		}
		if fits {
			return criterion, nil
		}
	}
	return a.Default, nil
}

func firstCategory(categories ...soar.Category) soar.Category {
	for _, category := range categories {
		if category != "" {
			return category
		}
	}
	return ""
}

// judging is the environment of criteria and correlation rules; category rules
// see the alert only.
func judging() expression.Environment {
	return expression.Environment{"alert": AlertType(), "category": expression.EnumOf(words(soar.Categories())...)}
}

func (s *sheet) assessment(root *strictyaml.Node) Assessment {
	var a Assessment
	if !s.Keys(root, "the file", []string{"version", "categories", "criteria", "default"}, []string{"version", "criteria", "default"}) {
		return a
	}
	a.Version = s.version(root.Get("version"))
	seen := map[string]bool{criterionFailed: true}
	for _, item := range s.items(root.Get("categories"), "categories") {
		a.Categories = append(a.Categories, s.categoryRule(item, seen))
	}
	for _, item := range s.some(root.Get("criteria"), "criteria") {
		a.Criteria = append(a.Criteria, s.criterion(item, "a criterion", seen))
	}
	if last := root.Get("default"); last != nil {
		a.Default = s.criterion(last, "default", seen)
	}
	return a
}

func (s *sheet) categoryRule(n *strictyaml.Node, seen map[string]bool) CategoryRule {
	keys := []string{"id", "when", "category"}
	if !s.Keys(n, "a category rule", keys, keys) {
		return CategoryRule{}
	}
	return CategoryRule{
		ID:       s.id(n.Get("id"), "id", seen),
		Category: s.category(n.Get("category")),
		when:     s.condition(n.Get("when"), expression.Environment{"alert": AlertType()}),
	}
}

func (s *sheet) criterion(n *strictyaml.Node, what string, seen map[string]bool) Criterion {
	known := []string{"id", "when", "incident", "category", "impact", "urgency", "reason"}
	required := []string{"id", "when", "incident", "reason"}
	if what == "default" {
		known, required = []string{"incident", "category", "impact", "urgency", "reason"}, []string{"incident", "reason"}
	}
	if !s.Keys(n, what, known, required) {
		return Criterion{}
	}
	criterion := Criterion{ID: what, Incident: s.Bool(n.Get("incident"), "incident"), Category: s.category(n.Get("category")), Reason: s.text(n.Get("reason"), "reason")}
	if what != "default" {
		criterion.ID = s.id(n.Get("id"), "id", seen)
		criterion.when = s.condition(n.Get("when"), judging())
	}
	s.levels(n, &criterion)
	return criterion
}

// levels reads impact and urgency, which an incident needs and an event has not.
func (s *sheet) levels(n *strictyaml.Node, criterion *Criterion) {
	if !usable(n, "incident") {
		return
	}
	for name, level := range map[string]*soar.Level{"impact": &criterion.Impact, "urgency": &criterion.Urgency} {
		value := n.Get(name)
		switch {
		case criterion.Incident && value == nil:
			s.Report(n.Pos, n.Length(), strictyaml.RuleMissingKey, fmt.Sprintf("an incident needs the key %q", name), "write "+name+": low, medium or high")
		case !criterion.Incident && value != nil:
			s.Fault(value, strictyaml.RuleUnknownKey, "an event that is no incident has no "+name, "remove it, or write incident: true")
		case value != nil:
			*level = s.level(value, name)
		}
	}
}
