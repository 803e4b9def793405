package ast

// Children gives the step lists directly inside s, in the order of the file.
func (s *Step) Children() [][]*Step {
	var lists [][]*Step
	switch {
	case s.ForEach != nil:
		lists = append(lists, s.ForEach.Body)
	case s.Repeat != nil:
		lists = append(lists, s.Repeat.Steps)
	case s.Parallel != nil:
		for _, branch := range s.Parallel.Branches {
			lists = append(lists, branch.Steps)
		}
	case s.Switch != nil:
		for _, branch := range s.Switch {
			lists = append(lists, branch.Steps)
		}
	case s.Steps != nil:
		lists = append(lists, s.Steps)
	}
	return lists
}

// Walk visits every step, parents first, in the order of the file.
func Walk(steps []*Step, visit func(*Step)) {
	for _, step := range steps {
		visit(step)
		for _, children := range step.Children() {
			Walk(children, visit)
		}
	}
}

// Exprs gives the expressions inside a value, in order.
func (v *Value) Exprs() []*Expr {
	if v == nil {
		return nil
	}
	var found []*Expr
	if v.Expr != nil {
		found = append(found, v.Expr)
	}
	for _, part := range v.Parts {
		if part.Expr != nil {
			found = append(found, part.Expr)
		}
	}
	for i := range v.Items {
		found = append(found, v.Items[i].Exprs()...)
	}
	for i := range v.Fields {
		found = append(found, v.Fields[i].Value.Exprs()...)
	}
	return found
}

// Fixed tells whether the value holds no expression.
func (v *Value) Fixed() bool { return len(v.Exprs()) == 0 }

// Data gives a value without expressions as plain data; expressions become nil.
func (v *Value) Data() any {
	switch v.Kind {
	case List:
		items := make([]any, len(v.Items))
		for i := range v.Items {
			items[i] = v.Items[i].Data()
		}
		return items
	case Map:
		fields := make(map[string]any, len(v.Fields))
		for i := range v.Fields {
			fields[v.Fields[i].Name.Value] = v.Fields[i].Value.Data()
		}
		return fields
	case Literal:
		return v.Literal
	default:
		return nil
	}
}
