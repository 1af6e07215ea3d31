//! The type that an editor shows for a tensor: `Tensor<127, 32>` for 127 steps of 32 features, without the batch
//! axis.

macro_rules! ranks {
    ($($module:ident $short:ident [$($axis:ident),*];)*) => {
        $(
            /// One number of axes.
            #[doc(hidden)]
            pub mod $module {
                /// A tensor of a model, with the lengths of its axes for one sample; the batch axis is never written.
                #[derive(Clone, Copy, Debug)]
                pub struct Tensor<$(const $axis: usize),*>;
            }
            #[doc(hidden)]
            pub use $module::Tensor as $short;
        )*
    };
}

ranks! {
    rank0 T0 [];
    rank1 T1 [A];
    rank2 T2 [A, B];
    rank3 T3 [A, B, C];
    rank4 T4 [A, B, C, D];
    rank5 T5 [A, B, C, D, E];
    rank6 T6 [A, B, C, D, E, F];
}

/// A tensor of unknown shape, after an error.
#[derive(Clone, Copy, Debug)]
pub struct Unknown;

/// The type that an editor shows for a model used as a layer.
#[derive(Debug)]
pub struct Nested<M>(std::marker::PhantomData<fn() -> M>);

// Derived impls would require the same of the model.
impl<M> Clone for Nested<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Nested<M> {}
