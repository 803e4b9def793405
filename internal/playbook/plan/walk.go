package plan

// Children gives the step lists directly inside s, in the order of the file.
func (s *Step) Children() [][]*Step {
	switch s.Kind {
	case KindSwitch:
		lists := make([][]*Step, 0, len(s.Switch))
		for _, branch := range s.Switch {
			lists = append(lists, branch.Steps)
		}
		return lists
	case KindParallel:
		lists := make([][]*Step, 0, len(s.Parallel.Branches))
		for _, branch := range s.Parallel.Branches {
			lists = append(lists, branch.Steps)
		}
		return lists
	case KindForEach:
		return [][]*Step{s.ForEach.Body}
	case KindRepeat:
		return [][]*Step{s.Repeat.Body}
	case KindSteps:
		return [][]*Step{s.Steps}
	default:
		return nil
	}
}

// Walk visits every step, parents first, in the order of the file. It does not
// go into a step's children when visit answers false.
func Walk(steps []*Step, visit func(*Step) bool) {
	for _, step := range steps {
		if !visit(step) {
			continue
		}
		for _, children := range step.Children() {
			Walk(children, visit)
		}
	}
}

// Find gives the step with this id, or nil.
func (p *Plan) Find(id string) *Step {
	var found *Step
	Walk(p.Steps, func(s *Step) bool {
		if s.ID == id {
			found = s
		}
		return found == nil
	})
	return found
}
