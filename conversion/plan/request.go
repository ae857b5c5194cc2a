package plan

import "slipway/conversion/target"

// Request asks for one conversion. It is plain data, so that it can travel to a
// worker process as JSON.
type Request struct {
	Model  string `json:"model"` // path
	Name   string `json:"name"`  // base name of the artefact
	Target string `json:"target"`
	Recipe Recipe `json:"recipe"`
	Dir    string `json:"dir"` // existing private folder to write into

	// What the model's task says, for targets whose interface can; nil: nothing.
	Picture *target.Picture `json:"picture,omitempty"`
	Classes *target.Classes `json:"classes,omitempty"`
	// As names another target: weights are changed as that target's settings ask,
	// so that its artefact can be compared with this one.
	As string `json:"as,omitempty"`
}
