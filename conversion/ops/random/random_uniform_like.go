package random

var randomUniformLikeDef = like("RandomUniformLike", "Draws evenly between two limits, in the input's shape.", uniformAttrs(), "RandomUniform", uniform)
