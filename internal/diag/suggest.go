package diag

import (
	"slices"
	"strings"
)

// longestGuess bounds the words that are compared; the cost grows with the product.
const longestGuess = 64

// Closest gives the known word that wrong most likely stands for, or "" when none
// is near. Case does not count as a difference. known is tried in its order, so
// ties always fall the same way.
func Closest(wrong string, known []string) string {
	if len(wrong) > longestGuess || wrong == "" {
		return ""
	}
	best, limit := "", max(1, len(wrong)/3)
	for _, word := range known {
		if len(word) > longestGuess {
			continue
		}
		distance := editDistance(strings.ToLower(wrong), strings.ToLower(word))
		if distance <= limit && distance < len(word) && (best == "" || distance < limit) {
			best, limit = word, distance
		}
	}
	return best
}

// DidYouMean is Closest as a hint: `did you mean "x"?`, or "".
func DidYouMean(wrong string, known []string) string {
	if word := Closest(wrong, known); word != "" {
		return `did you mean "` + word + `"?`
	}
	return ""
}

// OneOf lists what is allowed, for a message: "a, b or c". Beyond a dozen it says
// how many more there are.
func OneOf(allowed []string) string {
	words := slices.Clone(allowed)
	if len(words) > 12 {
		words = append(words[:12], "…")
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours,
// by byte.
func editDistance(a, b string) int {
	older, old := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+differs(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old = old, row
	}
	return old[len(b)]
}

func differs(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}
