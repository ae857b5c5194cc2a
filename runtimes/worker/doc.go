// Package worker runs vendor libraries and long jobs in child processes: the
// same program executed again with the verb "worker". A crash, a hang or an
// out-of-memory in a library ends there, and comes back as a typed error:
//
//   - *runtimes.RefusedError: the runtime said no; the worker lives on
//   - *runtimes.CrashError: the process died, or was stopped for its memory or
//     for talking nonsense, with the tail of what it printed
//   - *runtimes.TimeoutError: a deadline passed and the call was stopped
//   - *CircuitError: the same model killed three workers within a minute
//   - runtimes.ErrStopped: the worker or the session was closed
//
// A worker that died is started again by the next Open or Job, after a pause
// that grows; sessions of the dead process stay dead. A call whose context is
// cancelled is asked to stop and killed, process and all, when it has not
// stopped after half a second.
package worker
