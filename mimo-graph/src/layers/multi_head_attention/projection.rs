//! The projections of an attention of several heads.

/// The projections, in the order of their weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Projection {
    Query,
    Key,
    Gate,
    Value,
    Output,
}

impl Projection {
    /// Keras's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Projection::Query => "query",
            Projection::Key => "key",
            Projection::Gate => "gate",
            Projection::Value => "value",
            Projection::Output => "attention_output",
        }
    }

    /// The names of its weights.
    pub(super) fn weights(self) -> [&'static str; 2] {
        match self {
            Projection::Query => ["query_kernel", "query_bias"],
            Projection::Key => ["key_kernel", "key_bias"],
            Projection::Gate => ["gate_kernel", "gate_bias"],
            Projection::Value => ["value_kernel", "value_bias"],
            Projection::Output => ["attention_output_kernel", "attention_output_bias"],
        }
    }
}
