// Package letter writes messages to people as text and HTML, from templates that
// ship and templates of the site in policy_dir/templates.
//
// What it writes about is attacker-written: Clean takes out what cannot be seen or
// changes the direction, and defangs addresses; HTML is escaped by html/template.
// Templates come from the product and the site only, never from a message. Facts
// that the label holds back are not given to a template at all, so that no template
// can let them out.
package letter
