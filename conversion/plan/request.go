package plan

// Request asks for one conversion. It is plain data, so that it can travel to a
// worker process as JSON.
type Request struct {
	Model  string `json:"model"` // path
	Name   string `json:"name"`  // base name of the artefact
	Target string `json:"target"`
	Recipe Recipe `json:"recipe"`
	Dir    string `json:"dir"` // existing private folder to write into
}
