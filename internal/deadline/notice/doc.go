// Package notice drafts the notices that duties ask for. A draft is plain text for a
// person to complete: it says what is known of the incident, and "to be filled" where
// a rule asks for something that nobody has declared. It is not legal advice, and says
// so.
//
// There is one template for each family of notices (see Family). A template has
// fields: {to} of the duty, {fact:affected} of the facts, {fill:what is to be
// written}. A site replaces a family, or one stage, in its site.yaml.
package notice
