// Package checkpoint signs the heads of the record and keeps them in a file outside
// of the database, with the key of this installation beside it. What a checkpoint is,
// and how it is verified, is in internal/record; when they are written is in
// internal/app.
package checkpoint
