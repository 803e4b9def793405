// Package task answers the API's operations on tasks: the work that playbooks give to
// people, who has it, and its answers.
package task
