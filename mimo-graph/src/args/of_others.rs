//! Argument names of other libraries.

/// Argument names of PyTorch, NumPy and earlier versions of Keras, with the names here.
const OF_OTHERS: &[(&str, &str)] = &[
    ("dim", "axis"),
    ("axes", "axis"),
    ("axis", "axes"),
    ("dims", "axes"),
    ("keepdim", "keepdims"),
    ("min", "x_min"),
    ("max", "x_max"),
    ("a_min", "x_min"),
    ("a_max", "x_max"),
    ("out_features", "units"),
    ("output_dim", "units"),
    ("out_channels", "filters"),
    ("nb_filter", "filters"),
    ("p", "rate"),
    ("eps", "epsilon"),
    ("lr", "learning_rate"),
    ("betas", "beta_1"),
    ("bias", "use_bias"),
    ("num_embeddings", "input_dim"),
    ("embedding_dim", "output_dim"),
    ("init", "kernel_initializer"),
    ("num_groups", "groups"),
    ("embed_dim", "key_dim"),
];

/// Names here for an argument that has this name elsewhere.
pub(super) fn names(name: &str) -> impl Iterator<Item = &'static str> + '_ {
    OF_OTHERS.iter().filter(move |(other, _)| *other == name).map(|(_, here)| *here)
}
