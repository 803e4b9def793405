package declared

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// pages reads page after page. The answer is the last one, with the items of all
// and whether there were more.
func (r *run) pages(ctx context.Context, one *request) (map[string]any, *connector.Error) {
	pages, items, next := one.paging, []any{}, detour{}
	if pages.counts {
		next.query = map[string]string{pages.query: strconv.Itoa(pages.first)}
	}
	seen := map[string]bool{}
	for count := 1; ; count++ {
		answer, failure := r.once(ctx, one, next)
		if failure != nil {
			return nil, failure
		}
		vars := maps.Clone(r.vars)
		vars["response"] = answer
		page, err := listOf(pages.items, vars)
		if err != nil {
			return nil, badAnswer(false, fmt.Errorf("paging.items: %w", err))
		}
		items = append(items, page...)
		follow, where, err := r.following(pages, vars, progress{count, len(page), len(items)})
		if err != nil {
			return nil, badAnswer(false, err)
		}
		if follow && seen[where] {
			return nil, badAnswer(false, errors.New("the pages go round in a circle"))
		}
		seen[where] = true
		full := len(items) > pages.maxItems
		if !follow || full || len(items) == pages.maxItems || count == pages.maxPages {
			answer["items"], answer["more"] = items[:min(len(items), pages.maxItems)], follow || full
			return answer, nil
		}
		if next, err = r.detour(pages, where); err != nil {
			return nil, badAnswer(false, err)
		}
	}
}

type progress struct{ pages, lastItems, items int }

// following tells whether there is a next page, and where.
func (r *run) following(pages *paging, vars map[string]any, so progress) (follow bool, where string, err error) {
	switch {
	case pages.next != nil:
		got, err := pages.next.Eval(vars)
		if err != nil {
			return false, "", fmt.Errorf("paging.next: %w", err)
		}
		where, _ = got.(string)
	case pages.cursor != nil:
		got, err := pages.cursor.Eval(vars)
		if err != nil {
			return false, "", fmt.Errorf("paging.cursor: %w", err)
		}
		if got != nil {
			if where, err = expression.FormatText(got); err != nil {
				return false, "", err
			}
		}
	case so.lastItems < pages.size:
		return false, "", nil
	case pages.counts:
		where = strconv.Itoa(pages.first + so.pages)
	default:
		where = strconv.Itoa(so.items)
	}
	return where != "", where, nil
}

func (r *run) detour(pages *paging, where string) (detour, error) {
	if pages.next == nil {
		return detour{query: map[string]string{pages.query: where}}, nil
	}
	return follow(fmt.Sprint(r.settings["base_url"]), where)
}

// follow reads a link to the next page. It must stay on the configured host and
// below its path: another one would be sent our credentials.
func follow(base, link string) (detour, error) {
	root, err := url.Parse(base)
	if err != nil {
		return detour{}, errors.New("the base URL cannot be read")
	}
	target, err := url.Parse(link)
	if err != nil || target.User != nil {
		return detour{}, errors.New("the link to the next page cannot be read")
	}
	target = root.ResolveReference(target)
	if !strings.EqualFold(target.Host, root.Host) || target.Scheme != root.Scheme {
		return detour{}, fmt.Errorf("the link to the next page leads to %q, which is not the configured host", target.Host)
	}
	rest, below := strings.CutPrefix(target.EscapedPath(), strings.TrimSuffix(root.EscapedPath(), "/")+"/")
	if !below {
		return detour{}, errors.New("the link to the next page leaves the path of the base URL")
	}
	other := detour{whole: target.Query()}
	for part := range strings.SplitSeq(strings.TrimSuffix(rest, "/"), "/") {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return detour{}, errors.New("the link to the next page cannot be read")
		}
		other.segments = append(other.segments, plain)
	}
	return other, nil
}

func listOf(program *expression.Program, vars map[string]any) ([]any, error) {
	got, err := program.Eval(vars)
	if err != nil {
		return nil, err
	}
	items, ok := got.([]any)
	if !ok {
		return nil, errors.New("it gives no list")
	}
	return items, nil
}
