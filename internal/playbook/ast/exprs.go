package ast

// Exprs gives the expressions of the step itself, in no order: its conditions, its
// title and what belongs to its kind, without those of the steps inside it.
func (s *Step) Exprs() []*Expr {
	found := append([]*Expr{s.When, s.SkipWhen}, s.Title.Exprs()...)
	if s.ForEach != nil {
		found = append(found, s.ForEach.List)
	}
	for _, branch := range s.Switch {
		found = append(found, branch.When)
	}
	if s.Repeat != nil {
		found = append(found, s.Repeat.Until)
	}
	for _, field := range append(append([]Field{}, s.Declare...), s.Set...) {
		found = append(found, field.Value.Exprs()...)
	}
	found = append(found, s.leafExprs()...)
	return present(found)
}

// leafExprs gives those of the kinds that hold no steps.
func (s *Step) leafExprs() []*Expr {
	var found []*Expr
	add := func(values ...*Value) {
		for _, value := range values {
			found = append(found, value.Exprs()...)
		}
	}
	fields := func(list []Field) {
		for i := range list {
			add(&list[i].Value)
		}
	}
	if a := s.Action; a != nil {
		found = append(found, a.IdempotencyKey)
		fields(a.With)
		if a.Undo != nil {
			fields(a.Undo.With)
		}
	}
	if a := s.Approval; a != nil {
		add(a.Title)
		for _, who := range a.Approvers {
			add(who.Person)
		}
		found = append(found, laterExprs(a.Escalate)...)
	}
	if t := s.Task; t != nil {
		add(t.Title, t.Assignee.Person)
		found = append(found, laterExprs(t.Escalate)...)
	}
	if s.Wait != nil {
		found = append(found, s.Wait.Until)
	}
	if s.Call != nil {
		fields(s.Call.With)
	}
	if s.Escalate != nil {
		add(s.Escalate.Reason)
	}
	if s.End != nil {
		add(s.End.Reason)
	}
	return found
}

func laterExprs(list []After) []*Expr {
	var found []*Expr
	for _, after := range list {
		found = append(found, after.To.Person.Exprs()...)
	}
	return found
}

func present(list []*Expr) []*Expr {
	var found []*Expr
	for _, e := range list {
		if e != nil {
			found = append(found, e)
		}
	}
	return found
}
