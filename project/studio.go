package project

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"slipway/conversion/diag"
	"slipway/conversion/plan"
	"slipway/conversion/source"
	"slipway/conversion/summary"
	"slipway/project/history"
	"slipway/project/jobs"
	"slipway/project/pipeline"
	"slipway/project/store"
	"slipway/runtimes"
	"slipway/runtimes/task"
)

// undoSteps bounds the recipe's history.
const undoSteps = 200

// Studio is the application's state. All methods are safe for concurrent use;
// those that may take long take a context.
type Studio struct {
	env   Env
	queue *jobs.Queue

	mu       sync.Mutex
	listener []func(Event)
	store    *store.Store
	unkept   *diag.Finding // see Unkept
	model    *Model
	hash     func() (string, error) // of the model file, computed once
	task     *task.Task
	taskNote string
	recipe   *history.History[plan.Recipe]
	variants []*Variant
	pictures []*Picture
	bench    []BenchRow
	eval     []EvalRow
	status   []RuntimeStatus
	sessions sessions
	supports supports
}

// New makes a studio without a model.
func New(env Env) *Studio {
	s := &Studio{env: env, queue: jobs.NewQueue(2), recipe: history.New(plan.Default(), undoSteps)}
	s.sessions.studio = s
	s.queue.Listen(func(j jobs.Status) { s.tell(Event{Kind: JobChanged, Job: j.ID}) })
	return s
}

// Listen calls f with every event, from any goroutine. f must return soon and
// may read the studio.
func (s *Studio) Listen(f func(Event)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener = append(s.listener, f)
}

func (s *Studio) tell(e Event) {
	s.mu.Lock()
	l := slices.Clone(s.listener)
	s.mu.Unlock()
	for _, f := range l {
		f(e)
	}
}

// Jobs is the queue, for lists and cancelling.
func (s *Studio) Jobs() *jobs.Queue { return s.queue }

// Close cancels jobs, closes sessions and the project.
func (s *Studio) Close() error {
	s.queue.Close()
	return s.closeModel()
}

// CloseModel closes the model and its project; jobs on it are cancelled.
func (s *Studio) CloseModel() error {
	err := s.closeModel()
	s.tell(Event{Kind: ModelChanged})
	return err
}

// jobsEnd bounds the wait for cancelled jobs.
const jobsEnd = 10 * time.Second

// endJobs cancels the jobs on the open model, so that none meets another one,
// and waits for them to end. An installation goes on.
func (s *Studio) endJobs() {
	ctx, cancel := context.WithTimeout(context.Background(), jobsEnd)
	defer cancel()
	var ids []int64
	for _, j := range s.queue.List() {
		if !j.State.Ended() && j.Kind != installKind {
			s.queue.Cancel(j.ID)
			ids = append(ids, j.ID)
		}
	}
	for _, id := range ids {
		_, _ = s.queue.Wait(ctx, id) // the only error is that ctx ended
	}
}

func (s *Studio) closeModel() error {
	s.endJobs()
	s.sessions.closeAll()
	s.mu.Lock()
	st, m := s.store, s.model
	s.store, s.unkept, s.model, s.hash, s.task, s.taskNote = nil, nil, nil, nil, nil, ""
	s.variants, s.pictures, s.bench, s.eval = nil, nil, nil, nil
	s.recipe = history.New(plan.Default(), undoSteps)
	s.mu.Unlock()
	var err error
	if st != nil {
		err = st.Close()
	}
	if m != nil && m.Source.Close != nil {
		err = errors.Join(err, m.Source.Close())
	}
	return err
}

// OpenModel opens a model file with the project that belongs to it: the one in
// dir, or, where dir is "", the one that the studio keeps for this file. Where that
// cannot be written the model is open all the same: Unkept says so. What was open
// before is closed, unless opening fails.
func (s *Studio) OpenModel(ctx context.Context, path, dir string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return diag.Errorf("source.missing", "%v", err).In(path)
	}
	st, err := os.Stat(abs)
	if err != nil {
		return diag.Errorf("source.missing", "there is no such file").In(path)
	}
	m, err := s.env.Open(ctx, abs, source.Options{NoMap: true, KeepUnknown: true})
	if err != nil {
		return err
	}
	model := &Model{Path: abs, Name: baseName(abs), Bytes: st.Size(), Source: m, Graph: m.Graph, Summary: summary.Of(m), Opened: time.Now()}
	own := false // it is the studio that says where the project lies
	if dir == "" {
		sum := sha256.Sum256([]byte(abs))
		dir = filepath.Join(s.env.DataDir, "projects", model.Name+"-"+hex.EncodeToString(sum[:4])+store.Extension)
		own = true
	}
	s.mu.Lock()
	same := s.store != nil && s.store.Dir() == dir
	s.mu.Unlock()
	if same {
		if err := s.closeModel(); err != nil {
			return err
		}
	}
	db, unkept, err := openStore(dir, abs)
	if err != nil {
		if m.Close != nil {
			_ = m.Close()
		}
		return err
	}
	if own && unkept != nil {
		_ = unkept.Suggest("%s; or have projects kept elsewhere: XDG_DATA_HOME names the folder", unkept.Suggestion)
	}
	if !same {
		if err := s.closeModel(); err != nil {
			db.Close()
			return err
		}
	}
	s.mu.Lock()
	s.store, s.unkept, s.model = db, unkept, model
	s.hash = sync.OnceValues(func() (string, error) { return pipeline.HashFile(abs) })
	err = s.restore()
	s.mu.Unlock()
	if err != nil {
		return errors.Join(err, s.closeModel())
	}
	s.tell(Event{Kind: ModelChanged})
	return nil
}

// OpenProject opens a project folder and the model it is about.
func (s *Studio) OpenProject(ctx context.Context, dir string) error {
	if !store.Is(dir) {
		return diag.Errorf("project.missing", "is not a project folder").In(dir)
	}
	db, _, err := openStore(dir, "")
	if err != nil {
		return err
	}
	model, err := db.Get(keyModel)
	db.Close()
	if err != nil {
		return err
	}
	if model == "" {
		return diag.Errorf("project.empty", "holds no model").In(dir).Suggest("drop a model on the window instead")
	}
	return s.OpenModel(ctx, model, dir)
}

// restore reads the document; called with the lock held and a new store.
func (s *Studio) restore() error {
	if t, note, err := s.loadTask(); err != nil {
		return err
	} else {
		s.task, s.taskNote = t, note
	}
	if err := s.restoreRecipe(); err != nil {
		return err
	}
	s.variants = []*Variant{{Title: "source", Target: "source", Path: s.model.Path, Bytes: sourceBytes(s.model), Created: s.model.Opened}}
	vs, err := s.store.Variants()
	if err != nil {
		return err
	}
	for _, v := range vs {
		s.variants = append(s.variants, s.variantOf(v))
	}
	if err := s.restorePictures(); err != nil {
		return err
	}
	return s.restoreResults()
}

func sourceBytes(m *Model) int64 {
	n := int64(0)
	for _, f := range m.Source.Files {
		if st, err := os.Stat(f); err == nil {
			n += st.Size()
		}
	}
	return max(n, m.Bytes)
}

func (s *Studio) variantOf(v store.Variant) *Variant {
	out := &Variant{ID: v.ID, Title: v.Title, Target: v.Target, Created: v.Created}
	out.Recipe, _ = plan.ParseRecipe([]byte(v.Recipe))
	res := &pipeline.Result{}
	if json.Unmarshal(v.Report, res) == nil {
		out.Result = res
		out.Path = filepath.Join(s.store.Dir(), v.Dir, res.Main())
		for _, a := range res.Artefacts {
			out.Bytes += a.Bytes
		}
	}
	return out
}

// loadTask finds how pictures become inputs: what the project stored, else the
// task file beside the model, else a guess from the interface.
func (s *Studio) loadTask() (*task.Task, string, error) {
	saved, err := s.store.Get(keyTask)
	if err != nil {
		return nil, "", err
	}
	if saved != "" {
		var doc struct {
			Task   task.Task
			Labels []string
			Folder []string
		}
		if err := json.Unmarshal([]byte(saved), &doc); err == nil {
			doc.Task.Labels, doc.Task.Folder = doc.Labels, doc.Folder
			return &doc.Task, "", nil
		}
	}
	t, err := task.Find(s.model.Path)
	if err != nil {
		return nil, "", err
	}
	if t != nil {
		return t, "", nil
	}
	outs := interfaceOf(s.model.Summary.Outputs)
	t, note := task.Guess(interfaceOf(s.model.Summary.Inputs), outs)
	if t.Kind == task.Classify && s.env.Labels != nil {
		t.Labels = s.env.Labels(task.Classes(outs))
	}
	return t, note, nil
}

func interfaceOf(ios []summary.IO) []runtimes.IO {
	var out []runtimes.IO
	for _, io := range ios {
		r := runtimes.IO{Name: io.Name}
		for _, d := range io.Shape {
			r.Shape = append(r.Shape, atoi(string(d)))
		}
		out = append(out, r)
	}
	return out
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// Model is the open model, nil where there is none.
func (s *Studio) Model() *Model {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.model
}

// Dir is the project folder, "" where no model is open.
func (s *Studio) Dir() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store == nil {
		return ""
	}
	return s.store.Dir()
}

// Task is the pre- and post-processing in force, with a note where it was only
// guessed. nil without a model.
func (s *Studio) Task() (*task.Task, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.task, s.taskNote
}

// SetTask replaces the pre- and post-processing and stores it.
func (s *Studio) SetTask(t *task.Task) error {
	if err := t.Check(); err != nil {
		return diag.Errorf("task.invalid", "%v", err)
	}
	b, err := json.Marshal(map[string]any{"Task": t, "Labels": t.Labels, "Folder": t.Folder})
	if err != nil {
		return err
	}
	s.mu.Lock()
	if s.store == nil {
		s.mu.Unlock()
		return ErrNoModel
	}
	err = s.store.Set(keyTask, string(b))
	if err == nil {
		s.task, s.taskNote, s.pictures = t, "", nil
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.tell(Event{Kind: TaskChanged})
	return s.rememberPictures()
}

// TaskYAML is the task as a file.
func (s *Studio) TaskYAML() ([]byte, error) {
	t, _ := s.Task()
	if t == nil {
		return nil, ErrNoModel
	}
	return yaml.Marshal(t)
}
