// Package conform is the suite that every runtime adapter runs: directly, in
// the test's own process, and through a worker, where the same answers and the
// same errors are expected. An adapter's test file is five lines over Both.
package conform
