//! Models as parts of others. A model knows all of the layers inside of it, but it can name the models between only if
//! they are visible where it stands; so it sees the layers through these traits, as tuples in the order of their names,
//! with a tuple for each model.

/// A model that another may nest, which makes it of its layers.
pub trait Nested {
    /// Its layers.
    type Layers;

    /// The model of these layers.
    fn from_layers(layers: Self::Layers) -> Self;
}

/// Makes a nested model. Which one, its place says.
pub fn nested<M: Nested>(layers: M::Layers) -> M {
    M::from_layers(layers)
}

/// A model that nests others, and may be nested itself.
pub trait Nests {
    /// Its layers.
    type Ref<'a>
    where
        Self: 'a;
    /// Its layers, to be changed.
    type Mut<'a>
    where
        Self: 'a;

    /// Lends its layers.
    fn layers(&self) -> Self::Ref<'_>;

    /// Lends its layers, to be changed.
    fn layers_mut(&mut self) -> Self::Mut<'_>;
}

/// The layers of a model that nests others.
pub fn layers<M: Nests>(model: &M) -> M::Ref<'_> {
    model.layers()
}

/// The same, to be changed.
pub fn layers_mut<M: Nests>(model: &mut M) -> M::Mut<'_> {
    model.layers_mut()
}
