// Package people is who takes part in the response: with which roles, qualified to
// decide which classes of actions, away or not, and who stands in (ISO/IEC
// 27002:2022 5.24 d, e).
//
// The directory is optional. Who has tokens and no row in it counts as a person with
// the roles of those tokens; a row, once there, has the last word.
package people
