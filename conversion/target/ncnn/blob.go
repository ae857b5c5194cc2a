package ncnn

// BlobShape is the shape, outermost axis first, of the blob that holds a tensor
// of the given shape in a written model: ncnn knows no batch and at most four
// axes.
func BlobShape(shape []int) []int { return natural(shape) }
