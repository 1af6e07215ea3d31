//! The weights of `EinsumDense`.

use dfdx::shapes::{Dtype, Rank1, Rank2, Rank3, Rank4};
use dfdx::tensor::{Storage, Tensor};

/// Defines the weights of `EinsumDense`, for a number of kernel axes: without a bias, and with one of up to three
/// axes.
macro_rules! einsum_dense {
    ($without:ident, [$($with:ident: $bias:ident<$($own:ident),+>),+], $kernel:tt, $shape:literal) => {
        einsum_dense!(@ $without, $kernel, $shape, "`keras.layers.EinsumDense(equation, output_shape)`", [], {});
        $(einsum_dense!(
            @ $with, $kernel, $shape, "`keras.layers.EinsumDense(equation, output_shape, bias_axes=…)`", [$($own),+], {
                /// Bias, with length 1 for output axes that share its values.
                pub bias: Tensor<$bias<$($own),+>, E, D>,
            }
        );)+
    };
    (
        @ $layer:ident, ($kernel:ident<$($size:ident),+>), $shape:literal, $keras:literal, [$($own:ident),*], { $($bias:tt)* }
    ) => {
        weights! {
            #[doc = concat!("The weights of `EinsumDense` with a kernel of shape ", $shape, ".")]
            ///
            #[doc = concat!("**Keras equivalent:** ", $keras, ", with weights of the same names and layout.")]
            pub struct $layer<$(const $size: usize,)+ $(const $own: usize,)* E: Dtype, D: Storage<E>> {
                #[doc = concat!("Kernel, ", $shape, ", in the order of the equation.")]
                pub kernel: Tensor<$kernel<$($size),+>, E, D>,
                $($bias)*
            }
        }
    };
}

einsum_dense!(
    EinsumDense1DWithoutBias,
    [EinsumDense1DWithBias1D: Rank1<R>, EinsumDense1DWithBias2D: Rank2<R, S>, EinsumDense1DWithBias3D: Rank3<R, S, T>],
    (Rank1<A>),
    "`[A]`"
);
einsum_dense!(
    EinsumDense2DWithoutBias,
    [EinsumDense2DWithBias1D: Rank1<R>, EinsumDense2DWithBias2D: Rank2<R, S>, EinsumDense2DWithBias3D: Rank3<R, S, T>],
    (Rank2<A, B>),
    "`[A, B]`"
);
einsum_dense!(
    EinsumDense3DWithoutBias,
    [EinsumDense3DWithBias1D: Rank1<R>, EinsumDense3DWithBias2D: Rank2<R, S>, EinsumDense3DWithBias3D: Rank3<R, S, T>],
    (Rank3<A, B, C>),
    "`[A, B, C]`"
);
einsum_dense!(
    EinsumDense4DWithoutBias,
    [EinsumDense4DWithBias1D: Rank1<R>, EinsumDense4DWithBias2D: Rank2<R, S>, EinsumDense4DWithBias3D: Rank3<R, S, T>],
    (Rank4<A, B, C, F>),
    "`[A, B, C, F]`"
);
