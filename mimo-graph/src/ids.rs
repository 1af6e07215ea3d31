//! Ids: indices into the tables of a [`Graph`](crate::graph::Graph), and locations in the source.

/// A location in the user's source; an index into the macro's table of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Loc(pub u32);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// Index in its table.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A layer: holds weights. Several calls share them.
    LayerId,
    /// One call of a layer.
    NodeId,
    /// A tensor: an input, or an output of a call.
    TensorId,
    /// A mask of tensors: which positions of their first axes count.
    MaskId,
    /// A model used as a layer. Several calls share its weights.
    GroupId,
}
