//! Models as parts of others.

/// A model that another may nest, which makes it of its fields.
pub trait Nested {
    /// Its fields, in the order of their names.
    type Fields;

    /// The model of these fields.
    fn from_fields(fields: Self::Fields) -> Self;
}

/// Makes a nested model. Which one, its place says: the model around it cannot always name it.
pub fn nested<M: Nested>(fields: M::Fields) -> M {
    M::from_fields(fields)
}
