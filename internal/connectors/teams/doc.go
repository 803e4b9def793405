// Package teams is the connector that posts into a channel or chat of Microsoft
// Teams through a workflow (Power Automate) whose trigger is "When a Teams webhook
// request is received". The old Office 365 connectors are not supported: Microsoft
// retires them.
//
// What is posted is an Adaptive Card as plain text: all of it stands in RichTextBlocks,
// which know no Markdown, so nothing in it becomes a link, a picture or a mention.
// What the card's own functions would read ({{DATE(...)}}) and addresses are broken up.
// A message is at most 28 KB for Teams; longer ones are cut at a line and say so.
//
// The address of a workflow is a secret: who has it may post. Its answer 202 means
// that the workflow has begun, not that the channel shows the card; the workflow's
// run history tells. It knows no idempotency key: sent twice is shown twice.
package teams
