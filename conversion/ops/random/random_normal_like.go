package random

var randomNormalLikeDef = like("RandomNormalLike", "Draws from a normal distribution, in the input's shape.", normalAttrs(), "RandomNormal", normal)
