// Package demo is Tocsin on one machine: private servers, the lab to act on,
// people with tokens, and a walk that shows what the product does.
//
// Machine starts and stops the parts: Postgres and Temporal (internal/devstack),
// the lab (internal/lab), the product (internal/app). Walk sends a Wazuh alert
// and a phishing report through the API as any client would, and tells what
// follows. Nothing here is needed to run Tocsin for real, and nothing here acts
// on anything but the lab.
package demo
