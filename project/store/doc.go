// Package store keeps a project's records and artefacts: records in SQLite,
// artefacts as folders named after what they were made from, so that an
// unchanged conversion is found again and nothing is ever overwritten.
//
// What a call acknowledged by returning nil survives a kill of the process at
// any later moment.
package store
