package ncnn

// Magic opens every .param file in text form.
const Magic = "7767517"

// ShapesKey is a parameter that ncnn's layers do not have and pass over. It holds,
// for each blob that a layer gives, the rank and the sizes that the model's input
// or output has before ncnn's loss of the batch; a rank of -1 stands for a blob
// that is neither.
const ShapesKey = 29
