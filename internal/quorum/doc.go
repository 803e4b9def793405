// Package quorum says which decisions count towards an approval, and whether they
// are enough. Use case, store, workflow and guard all ask here, each about what it
// has read itself, so that no two of them can disagree. Pure.
package quorum
