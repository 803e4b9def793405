package vector

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
)

// words cuts a name into lower-case words, whatever it is written in: dueDate,
// due-date and DUE_DATE are due and date; <500 is under 500.
func words(name string) []string {
	name = strings.NewReplacer("<", " under ", ">", " over ").Replace(name)
	var out []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			out, word = append(out, strings.ToLower(string(word))), nil
		}
	}
	small := false
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end()
			small = false
			continue
		}
		if small && unicode.IsUpper(r) {
			end()
		}
		small = !unicode.IsUpper(r)
		word = append(word, r)
	}
	end()
	return out
}

// stem gives what several forms of a word have in common: determined and
// determination are determin.
func stem(word string) string {
	switch word {
	case "submission", "submitted", "sent":
		return "submit"
	case "suspicion":
		return "suspect"
	case "paid":
		return "pay"
	case "knows", "knew", "known", "knowledge":
		return "know"
	}
	for _, ending := range []string{"ification", "ified", "ifies", "ifying", "ify"} {
		if cut, ok := strings.CutSuffix(word, ending); ok && len(cut) > 1 {
			return cut + "if"
		}
	}
	for {
		cut := word
		for _, ending := range []string{"ation", "ness", "ment", "ing", "ion", "ed", "es", "ry", "s", "y", "e"} {
			if rest, ok := strings.CutSuffix(word, ending); ok && len(rest) >= 3 {
				cut = rest
				break
			}
		}
		if cut == word {
			return word
		}
		word = cut
	}
}

// meaning gives the stems of a name without the words that say nothing.
func meaning(name string, nothing ...string) []string {
	var stems []string
	for _, word := range words(name) {
		if !slices.Contains(nothing, word) && !slices.Contains(stems, stem(word)) {
			stems = append(stems, stem(word))
		}
	}
	return stems
}

// within tells whether all of part are in whole, and there is a part at all.
func within(part, whole []string) bool {
	return len(part) > 0 && !slices.ContainsFunc(part, func(s string) bool { return !slices.Contains(whole, s) })
}

// findRegime finds a regime by its id in any spelling, by its name, or by words
// that only one id has. The error names those that were meant, perhaps.
func findRegime(library *duty.Library, name string) (*duty.Regime, error) {
	id := strings.Join(words(name), "-")
	if regime := library.Regime(id); regime != nil {
		return regime, nil
	}
	var fit, near []string
	for i := range library.Regimes {
		regime := &library.Regimes[i]
		parts := words(regime.ID)
		switch {
		case strings.Join(parts, "") == strings.ReplaceAll(id, "-", "") || id != "" && strings.Join(words(regime.Name), "-") == id:
			return regime, nil
		case within(words(name), parts):
			fit = append(fit, regime.ID)
		case slices.ContainsFunc(words(name), func(word string) bool { return slices.Contains(parts, word) }):
			near = append(near, regime.ID)
		}
	}
	if len(fit) == 1 {
		return library.Regime(fit[0]), nil
	}
	if len(fit) > 1 {
		return nil, fmt.Errorf("regime %q could be %s", name, strings.Join(fit, ", "))
	}
	if len(near) == 0 {
		for _, regime := range library.Regimes {
			near = append(near, regime.ID)
		}
	}
	return nil, fmt.Errorf("unknown regime %q, known are %s", name, strings.Join(near, ", "))
}
