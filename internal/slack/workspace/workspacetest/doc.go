// Package workspacetest keeps cards in memory as a workspace would, for tests of what
// follows and of what clicks mean. It refuses cards that card.Validate refuses,
// changes of what is gone and names that are taken. What Slack itself refuses on the
// wire is not its business.
package workspacetest
