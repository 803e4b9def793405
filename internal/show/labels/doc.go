// Package labels says how many of the values that readers of real payloads found
// in them stand in the alerts that were made of them.
//
// Labels come as tab-separated lines: file, source, class, field, json_path, value.
// A value is right when it is the alert's, in the field that it is a label of:
// texts as texts, addresses as addresses, times as instants. That an alert has some
// severity is not enough: its reported_severity must be the one of the label. Times
// are read by a reader of this package, not by the one that is judged.
package labels
