// Package access says who may do what: permissions, the table of roles, need to
// know, API tokens and their check.
//
// The table follows the roles of ISO/IEC 27002:2022 5.24 and 5.26. Roles add up:
// who holds two may do what either may. Scopes of a token only take away. There
// is no role, setting or empty value that switches the checks off.
//
//	header -> ParseToken -> TokenFind -> hash, expiry, network -> soar.Principal -> Can
//
// Who is among the approvers of one approval is decided in internal/incidents;
// what a playbook may touch is decided in internal/guard; tokens are stored by
// internal/store.
package access
