// Package hook verifies what detection tools sign. How a tool signs is data in its
// mapping file (verify:), the secrets come from the configuration, and one function
// does it for all tools:
//
//	Scheme    which header, which form, what is signed
//	Verifier  the sources that have secrets; Verify gives the principal, or one refusal
//
// The bytes are verified as they came, before anything reads them. No event type is
// exempt, every refusal is the same for the sender (the log says why), and a source
// without secrets takes no signature at all.
package hook
