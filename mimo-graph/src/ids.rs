//! Ids: of the tables of a [`Graph`](crate::graph::Graph), and of places in the source.

/// A place in the user's source; an index into the front end's table of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Loc(pub u32);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// The place in its table.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A layer: what holds weights. Calling it twice shares them.
    LayerId,
    /// One call of a layer.
    NodeId,
    /// A tensor: an input, or what a call gives.
    TensorId,
    /// A mask of tensors: what of their first axes counts.
    MaskId,
    /// A model that is used as a layer. Calling it twice shares its weights.
    GroupId,
}
