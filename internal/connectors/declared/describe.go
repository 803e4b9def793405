package declared

// StatusMeanings gives what the rules for an action's effect, or for its last
// request, make of a status alone; "" is success.
func (k *Kind) StatusMeanings(action string) map[int]string {
	means := map[int]string{}
	main := k.main(action)
	if main == nil {
		return means
	}
	for _, rules := range [][]rule{main.errors, k.http.errors} {
		for _, one := range rules {
			for _, status := range one.statuses {
				if _, before := means[status]; !before && one.when == nil {
					means[status] = string(one.class)
				}
			}
		}
	}
	return means
}

// IgnoresBody tells whether any body is a good answer to an action's effect, or to
// its last request.
func (k *Kind) IgnoresBody(action string) bool {
	main := k.main(action)
	return main != nil && main.answer != "json"
}

// main is the request that an action is about.
func (k *Kind) main(action string) *request {
	pl := k.plans[action]
	if pl == nil || len(pl.requests) == 0 {
		return nil
	}
	for _, r := range pl.requests {
		if r.effect {
			return r
		}
	}
	return pl.requests[len(pl.requests)-1]
}
