package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // pure Go driver

	"slipway/conversion/diag"
	"slipway/project/atomicfile"
)

// Extension of a project folder.
const Extension = ".slipway"

// records is the name of the database within it.
const records = "project.db"

// schemaVersion is raised with every change of the tables.
const schemaVersion = 1

const schema = `
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE variants(
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, target TEXT NOT NULL, title TEXT NOT NULL,
  recipe TEXT NOT NULL, dir TEXT NOT NULL, report TEXT NOT NULL, created TEXT NOT NULL);
CREATE INDEX variants_key ON variants(key);
CREATE TABLE results(
  id INTEGER PRIMARY KEY AUTOINCREMENT, variant INTEGER NOT NULL, kind TEXT NOT NULL, runtime TEXT NOT NULL,
  body TEXT NOT NULL, created TEXT NOT NULL);
`

// Variant is one artefact with what it was made from. Variant 0 is the source
// model itself and has no record.
type Variant struct {
	ID      int64
	Key     string // hash of model, recipe, target and program version
	Target  string
	Title   string
	Recipe  string          // YAML
	Dir     string          // relative to the project folder
	Report  json.RawMessage // pipeline.Result
	Created time.Time
}

// Result is one measurement of a variant on a runtime.
type Result struct {
	ID      int64
	Variant int64
	Kind    string // "bench", "eval", "verify"
	Runtime string
	Body    json.RawMessage
	Created time.Time
}

// Store is an open project folder, locked against a second writer. It is safe
// for concurrent use.
type Store struct {
	dir  string
	db   *sql.DB
	lock *os.File
	end  func()        // of a passing one; nil
	full *diag.Finding // why there is no folder for artefacts; nil where there is one
}

// Is reports whether dir is a project folder.
func Is(dir string) bool {
	st, err := os.Stat(filepath.Join(dir, records))
	return err == nil && st.Mode().IsRegular()
}

// Open opens or creates a project folder. A folder that another process has
// open, that is no project or that a newer program wrote is a finding, and
// nothing is changed then.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(filepath.Join(dir, "artefacts"), 0o755); err != nil {
		return nil, folder(dir, err)
	}
	lock, err := acquire(filepath.Join(dir, "project.lock"))
	if fault, _ := atomicfile.FaultOf(err); fault != atomicfile.None {
		return nil, folder(dir, err)
	}
	if err != nil {
		return nil, diag.Errorf("project.locked", "is open in another window: %v", err).In(dir).
			Suggest("close it there, or open a copy")
	}
	s := &Store{dir: dir, lock: lock}
	if err := s.records("file:" + filepath.Join(dir, records) + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)"); err != nil {
		return nil, err
	}
	s.sweep()
	return s, nil
}

// records opens the database, and closes the store where that fails.
func (s *Store) records(name string) error {
	db, err := sql.Open("sqlite", name)
	if err != nil {
		s.unlock()
		return diag.Errorf("project.database", "%v", err).In(s.dir)
	}
	db.SetMaxOpenConns(1)
	s.db = db
	if err := s.migrate(); err != nil {
		s.Close()
		return err
	}
	return nil
}

func (s *Store) migrate() error {
	var v int
	if err := s.db.QueryRow("PRAGMA user_version").Scan(&v); err != nil {
		return s.damaged(err)
	}
	switch {
	case v > schemaVersion:
		return diag.Errorf("project.newer", "was written by a newer version of the studio (format %d, this one knows %d)", v, schemaVersion).
			In(s.dir).Suggest("update the studio; the project is unchanged")
	case v == 0:
		tx, err := s.db.Begin()
		if err != nil {
			return s.damaged(err)
		}
		defer func() { _ = tx.Rollback() }() // does nothing after Commit
		if _, err := tx.Exec(schema + fmt.Sprintf("PRAGMA user_version=%d;", schemaVersion)); err != nil {
			return s.damaged(err)
		}
		if err := tx.Commit(); err != nil {
			return s.damaged(err)
		}
	}
	var verdict string
	if err := s.db.QueryRow("PRAGMA quick_check").Scan(&verdict); err != nil || verdict != "ok" {
		return s.damaged(fmt.Errorf("%s %w", verdict, errors.Join(err)))
	}
	return nil
}

// sweep removes what a killed process left: private folders of conversions that
// never got their final name.
func (s *Store) sweep() {
	left, _ := filepath.Glob(filepath.Join(s.dir, "artefacts", ".private-*"))
	for _, p := range left {
		os.RemoveAll(p)
	}
}

// Dir is the project folder.
func (s *Store) Dir() string { return s.dir }

// Close releases the folder.
func (s *Store) Close() error {
	err := s.db.Close()
	s.unlock()
	if s.end != nil {
		s.end()
	}
	return err
}

func (s *Store) unlock() {
	if s.lock != nil {
		release(s.lock)
	}
}

// Set stores a document value under a key.
func (s *Store) Set(key, value string) error {
	_, err := s.db.Exec("INSERT INTO meta(key,value) VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value", key, value)
	return s.wrap(err)
}

// Get returns a document value, "" where there is none.
func (s *Store) Get(key string) (string, error) {
	var v string
	err := s.db.QueryRow("SELECT value FROM meta WHERE key=?", key).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return v, s.wrap(err)
}

// Private makes a folder for a conversion to write into. It vanishes when the
// project is opened next, unless Publish gave it its final name.
func (s *Store) Private() (string, error) {
	if s.full != nil {
		return "", s.full
	}
	p, err := os.MkdirTemp(filepath.Join(s.dir, "artefacts"), ".private-")
	return p, s.wrap(err)
}

// Folder is the name of the folder that holds the files of an artefact.
func Folder(key, target string) string { return key[:16] + "-" + target }

// Publish gives a finished private folder its final name and records the
// variant, in this order: a record never points at a missing artefact. The
// variant's ID, Dir and Created are filled in.
func (s *Store) Publish(private string, v *Variant) error {
	v.Dir = filepath.Join("artefacts", Folder(v.Key, v.Target))
	if err := atomicfile.Publish(private, filepath.Join(s.dir, v.Dir)); err != nil {
		return s.wrap(err)
	}
	v.Created = time.Now().UTC()
	r, err := s.db.Exec("INSERT INTO variants(key,target,title,recipe,dir,report,created) VALUES(?,?,?,?,?,?,?)",
		v.Key, v.Target, v.Title, v.Recipe, v.Dir, string(v.Report), v.Created.Format(time.RFC3339Nano))
	if err != nil {
		return s.wrap(err)
	}
	v.ID, err = r.LastInsertId()
	return s.wrap(err)
}

// Variants lists all variants, oldest first.
func (s *Store) Variants() ([]Variant, error) {
	rows, err := s.db.Query("SELECT id,key,target,title,recipe,dir,report,created FROM variants ORDER BY id")
	if err != nil {
		return nil, s.wrap(err)
	}
	defer rows.Close()
	var out []Variant
	for rows.Next() {
		var v Variant
		var report, created string
		if err := rows.Scan(&v.ID, &v.Key, &v.Target, &v.Title, &v.Recipe, &v.Dir, &report, &created); err != nil {
			return nil, s.wrap(err)
		}
		v.Report = json.RawMessage(report)
		v.Created, _ = time.Parse(time.RFC3339Nano, created)
		out = append(out, v)
	}
	return out, s.wrap(rows.Err())
}

// Rename gives a variant another title.
func (s *Store) Rename(id int64, title string) error {
	r, err := s.db.Exec("UPDATE variants SET title=? WHERE id=?", title, id)
	if err != nil {
		return s.wrap(err)
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return s.wrap(fmt.Errorf("there is no variant %d: %w", id, errors.Join(err)))
	}
	return nil
}

// Delete forgets a variant with its results and removes its artefact.
func (s *Store) Delete(v Variant) error {
	tx, err := s.db.Begin()
	if err != nil {
		return s.wrap(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	for _, q := range []string{"DELETE FROM results WHERE variant=?", "DELETE FROM variants WHERE id=?"} {
		if _, err := tx.Exec(q, v.ID); err != nil {
			return s.wrap(err)
		}
	}
	var others int
	if err := tx.QueryRow("SELECT count(*) FROM variants WHERE dir=?", v.Dir).Scan(&others); err != nil {
		return s.wrap(err)
	}
	if err := tx.Commit(); err != nil {
		return s.wrap(err)
	}
	if others == 0 {
		return s.wrap(os.RemoveAll(filepath.Join(s.dir, v.Dir)))
	}
	return nil
}

// AddResult records a measurement. Older ones of the same variant, kind and
// runtime are kept; readers take the newest.
func (s *Store) AddResult(r *Result) error {
	r.Created = time.Now().UTC()
	res, err := s.db.Exec("INSERT INTO results(variant,kind,runtime,body,created) VALUES(?,?,?,?,?)",
		r.Variant, r.Kind, r.Runtime, string(r.Body), r.Created.Format(time.RFC3339Nano))
	if err != nil {
		return s.wrap(err)
	}
	r.ID, err = res.LastInsertId()
	return s.wrap(err)
}

// Results lists the newest result of each variant and runtime for a kind.
func (s *Store) Results(kind string) ([]Result, error) {
	rows, err := s.db.Query(`SELECT id,variant,kind,runtime,body,created FROM results
		WHERE id IN (SELECT max(id) FROM results WHERE kind=? GROUP BY variant,runtime) ORDER BY variant,runtime`, kind)
	if err != nil {
		return nil, s.wrap(err)
	}
	defer rows.Close()
	var out []Result
	for rows.Next() {
		var r Result
		var body, created string
		if err := rows.Scan(&r.ID, &r.Variant, &r.Kind, &r.Runtime, &body, &created); err != nil {
			return nil, s.wrap(err)
		}
		r.Body = json.RawMessage(body)
		r.Created, _ = time.Parse(time.RFC3339Nano, created)
		out = append(out, r)
	}
	return out, s.wrap(rows.Err())
}
