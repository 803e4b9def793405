// Package page is the approval page: what the link in a mail leads to. GET shows what
// is asked and never decides, because mail scanners follow links before people do; POST
// decides, through the same function as every other door. It works without script.
package page
