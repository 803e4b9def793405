// Package calendar computes with the time of people: time zones, working hours,
// holidays, working days and months.
//
//	Spec (data) -> New -> *Calendar: Elapsed, Add, WorkingDay, AddWorkingDays
//	Date: a day without a zone; months end where the shorter month ends
//
// It is pure: instants and dates come in, instants and dates go out, nobody asks
// the time. Elapsed time is always real time: an hour that a change to summer
// time leaves out is not counted, one that the change back repeats counts twice.
// Zone names are those of the IANA database, which is compiled in, so that a
// machine without one computes the same.
//
// Files with calendars are read here (read.go), since objectives and duties share
// their form. What is due when is computed by the packages beside this one.
package calendar
