//! Models nested in others. A model knows all layers inside it, but can name the models in between only if they are
//! visible from its module. These traits give it the layers as tuples in the order of their names, with a tuple for
//! each model.

/// A model that can be nested, created from its layers.
pub trait Nested {
    /// Its layers.
    type Layers;

    /// Creates the model from these layers.
    fn from_layers(layers: Self::Layers) -> Self;
}

/// Creates a nested model, whose type follows from the context.
pub fn nested<M: Nested>(layers: M::Layers) -> M {
    M::from_layers(layers)
}

/// A model that nests others, and may be nested itself.
pub trait Nests {
    /// Its layers.
    type Ref<'a>
    where
        Self: 'a;
    /// Its layers, mutable.
    type Mut<'a>
    where
        Self: 'a;

    /// Borrows its layers.
    fn layers(&self) -> Self::Ref<'_>;

    /// Borrows its layers mutably.
    fn layers_mut(&mut self) -> Self::Mut<'_>;
}

/// Borrows the layers of a model that nests others.
pub fn layers<M: Nests>(model: &M) -> M::Ref<'_> {
    model.layers()
}

/// Borrows the layers of a model that nests others mutably.
pub fn layers_mut<M: Nests>(model: &mut M) -> M::Mut<'_> {
    model.layers_mut()
}
