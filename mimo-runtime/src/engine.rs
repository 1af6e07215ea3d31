//! The execution of a model: parameters, gradients and optimizer state as flat buffers, batches cut in chunks,
//! chunks taken through the model by a pool of threads.
