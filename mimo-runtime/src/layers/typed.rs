//! The weights of layers, as fields of a model: `model.hidden.kernel`.
//!
//! These types hold only weights, as dfdx tensors whose sizes are part of their types. The computation of a layer is
//! in the file of its name.

use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection};
use dfdx::shapes::{Dtype, HasShape, Rank0, Rank1, Rank2, Rank3, Rank4, Shape};
use dfdx::tensor::{Cpu, Storage, Tensor};
use dfdx::tensor_ops::Device;

use crate::Result;
use crate::error::Error;
use crate::float::Float;
use crate::weights::{After, LayerWeights, Made, Maker, Number, Weights, assert_name, visit};

#[macro_use]
mod weights;

mod adapt;
mod attention;
mod einsum_dense;

pub use attention::*;
pub use einsum_dense::*;

weights! {
    /// The weights of `Dense`: `[…, I] → […, O]`, `y = activation(x · kernel + bias)`.
    ///
    /// **Keras equivalent:** `keras.layers.Dense(O)`, with weights of the same names and layout. dfdx's `Linear` and
    /// PyTorch's keep the kernel transposed.
    pub struct Dense<const I: usize, const O: usize, E: Dtype, D: Storage<E>> {
        /// Kernel, `[I, O]`.
        pub kernel: Tensor<Rank2<I, O>, E, D>,
        /// Bias, `[O]`.
        pub bias: Tensor<Rank1<O>, E, D>,
    }
}

weights! {
    /// The weights of `Dense` without bias: `[…, I] → […, O]`, `y = activation(x · kernel)`.
    ///
    /// **Keras equivalent:** `keras.layers.Dense(O, use_bias=False)`.
    pub struct DenseWithoutBias<const I: usize, const O: usize, E: Dtype, D: Storage<E>> {
        /// Kernel, `[I, O]`.
        pub kernel: Tensor<Rank2<I, O>, E, D>,
    }
}

weights! {
    /// The weights of `LSTM`, `GRU` and `SimpleRNN`: `[T, I] → [U]` or `[T, U]`, with `G` = `gates · U` products per step.
    ///
    /// **Keras equivalent:** `keras.layers.LSTM(U)` (`G = 4 · U`, gates i, f, c, o), `keras.layers.GRU(U, reset_after=False)`
    /// (`G = 3 · U`, gates z, r, h), `keras.layers.SimpleRNN(U)` (`G = U`), with weights of the same names and layout.
    pub struct Recurrent<const I: usize, const G: usize, const U: usize, E: Dtype, D: Storage<E>> {
        /// Kernel of the inputs, `[I, G]`.
        pub kernel: Tensor<Rank2<I, G>, E, D>,
        /// Recurrent kernel, `[U, G]`.
        pub recurrent_kernel: Tensor<Rank2<U, G>, E, D>,
        /// Bias, `[G]`.
        pub bias: Tensor<Rank1<G>, E, D>,
    }
}

weights! {
    /// The weights of `LSTM`, `GRU` and `SimpleRNN` without bias.
    ///
    /// **Keras equivalent:** `keras.layers.LSTM(U, use_bias=False)`.
    pub struct RecurrentWithoutBias<const I: usize, const G: usize, const U: usize, E: Dtype, D: Storage<E>> {
        /// Kernel of the inputs, `[I, G]`.
        pub kernel: Tensor<Rank2<I, G>, E, D>,
        /// Recurrent kernel, `[U, G]`.
        pub recurrent_kernel: Tensor<Rank2<U, G>, E, D>,
    }
}

weights! {
    /// The weights of `GRU` that resets after the product, with `G = 3 · U`.
    ///
    /// **Keras equivalent:** `keras.layers.GRU(U)`.
    pub struct RecurrentWithTwoBiases<const I: usize, const G: usize, const U: usize, E: Dtype, D: Storage<E>> {
        /// Kernel of the inputs, `[I, G]`.
        pub kernel: Tensor<Rank2<I, G>, E, D>,
        /// Recurrent kernel, `[U, G]`.
        pub recurrent_kernel: Tensor<Rank2<U, G>, E, D>,
        /// Biases of the input's products and of the state's, `[2, G]`.
        pub bias: Tensor<Rank2<2, G>, E, D>,
    }
}

weights! {
    /// The weights of `Embedding`: integers below `V`, `[…] → […, U]`.
    ///
    /// **Keras equivalent:** `keras.layers.Embedding(V, U)`, PyTorch's and dfdx's `Embedding`.
    pub struct Embedding<const V: usize, const U: usize, E: Dtype, D: Storage<E>> {
        /// Vectors of the integers, `[V, U]`.
        pub embeddings: Tensor<Rank2<V, U>, E, D>,
    }
}

/// The weights of `SpectralNormalization` around a layer with weights `L`, whose kernel has a last axis of length `N`.
///
/// **Keras equivalent:** `keras.layers.SpectralNormalization(layer)`, with weights of the same names and layout.
#[derive(Clone, Debug)]
pub struct SpectralNormalization<L, const N: usize, E: Dtype, D: Storage<E>> {
    /// Weights of the wrapped layer.
    pub layer: L,
    /// Start vector of the power iterations, `[1, N]`. Not trained: training steps update it.
    pub vector_u: Tensor<Rank2<1, N>, E, D>,
}

impl<L: LayerWeights<E, D> + 'static, const N: usize, E: Float, D: Device<E>> LayerWeights<E, D>
    for SpectralNormalization<L, N, E, D>
{
    type To<E2: Dtype, D2: Device<E2>> = SpectralNormalization<L::To<E2, D2>, N, E2, D2>;
    type Next<First: Number> = After<L::Next<First>>;

    fn visit<M, V, First>(
        visitor: &mut V,
        get: impl Fn(&M) -> &Self + Copy,
        get_mut: impl Fn(&mut M) -> &mut Self + Copy,
    ) -> core::result::Result<Option<Self::To<V::E2, V::D2>>, V::Err>
    where
        M: TensorCollection<E, D> + Weights,
        V: ModuleVisitor<M, E, D>,
        First: Number,
    {
        let layer = L::visit::<M, V, First>(
            visitor,
            move |model| &get(model).layer,
            move |model| &mut get_mut(model).layer,
        )?;
        const { assert_name::<M, L::Next<First>>("vector_u") }
        let vector = visit::<M, _, _, L::Next<First>, E, D>(
            visitor,
            |model| &get(model).vector_u,
            |model| &mut get_mut(model).vector_u,
        )?;
        let (Some(layer), Some(vector_u)) = (layer, vector) else { return Ok(None) };
        Ok(Some(SpectralNormalization { layer, vector_u }))
    }
}

impl<L: Made<E>, const N: usize, E: Dtype> Made<E> for SpectralNormalization<L, N, E, Cpu> {
    fn make(maker: &mut Maker<'_, E>, next: &mut usize) -> Result<Self, Error> {
        Ok(SpectralNormalization { layer: L::make(maker, next)?, vector_u: maker.next(next)? })
    }
}

/// Defines the weights of a batch normalization with or without scale and offset.
macro_rules! batch_normalization {
    ($layer:ident, $what:literal, $keras:literal, $($(#[$doc:meta])* $weight:ident),*) => {
        weights! {
            #[doc = concat!("The weights of `BatchNormalization`", $what, ", for `C` channels.")]
            ///
            #[doc = concat!("**Keras equivalent:** `keras.layers.BatchNormalization(", $keras, ")`.")]
            pub struct $layer<const C: usize, E: Dtype, D: Storage<E>> {
                $($(#[$doc])* pub $weight: Tensor<Rank1<C>, E, D>,)*
                /// Moving averages of the means of the batches, `[C]`.
                pub moving_mean: Tensor<Rank1<C>, E, D>,
                /// Moving averages of the variances of the batches, `[C]`.
                pub moving_variance: Tensor<Rank1<C>, E, D>,
            }
        }
    };
}

batch_normalization!(
    BatchNormalization, "", "",
    /// Scale, `[C]`.
    gamma,
    /// Offset, `[C]`.
    beta
);
batch_normalization!(
    BatchNormalizationWithoutScale, " without scale", "scale=False",
    /// Offset, `[C]`.
    beta
);
batch_normalization!(
    BatchNormalizationWithoutCenter, " without offset", "center=False",
    /// Scale, `[C]`.
    gamma
);
batch_normalization!(BatchNormalizationOnly, " without scale and offset", "center=False, scale=False",);

/// Defines the weights of a convolution with and without bias.
macro_rules! conv {
    (
        $layer:ident, $without:ident, $rank:ident<$($size:ident),+>, $outputs:ident, $shapes:literal, $kernel:literal,
        $keras:literal
    ) => {
        weights! {
            #[doc = concat!("The weights of `", stringify!($layer), "`: ", $shapes, ".")]
            ///
            #[doc = concat!("**Keras equivalent:** `keras.layers.", $keras, ")`, with weights of the same names and layout.")]
            pub struct $layer<$(const $size: usize,)+ E: Dtype, D: Storage<E>> {
                #[doc = concat!("Kernel, ", $kernel, ".")]
                pub kernel: Tensor<$rank<$($size),+>, E, D>,
                /// Bias of the output channels, `[O]`.
                pub bias: Tensor<Rank1<$outputs>, E, D>,
            }
        }

        weights! {
            #[doc = concat!("The weights of `", stringify!($layer), "` without bias: ", $shapes, ".")]
            ///
            #[doc = concat!("**Keras equivalent:** `keras.layers.", $keras, ", use_bias=False)`.")]
            pub struct $without<$(const $size: usize,)+ E: Dtype, D: Storage<E>> {
                #[doc = concat!("Kernel, ", $kernel, ".")]
                pub kernel: Tensor<$rank<$($size),+>, E, D>,
            }
        }
    };
}

conv!(
    Conv1D, Conv1DWithoutBias, Rank3<K, I, O>, O,
    "`[steps, channels] → [new steps, O]`, `I` channels per group",
    "`[K, I, O]`", "Conv1D(O, K"
);
conv!(
    Conv2D, Conv2DWithoutBias, Rank4<H, W, I, O>, O,
    "`[height, width, channels] → [new height, new width, O]`, `I` channels per group",
    "`[H, W, I, O]`", "Conv2D(O, (H, W)"
);
conv!(
    Conv1DTranspose, Conv1DTransposeWithoutBias, Rank3<K, O, I>, O,
    "`[steps, I] → [new steps, O]`",
    "`[K, O, I]`", "Conv1DTranspose(O, K"
);
conv!(
    Conv2DTranspose, Conv2DTransposeWithoutBias, Rank4<H, W, O, I>, O,
    "`[height, width, I] → [new height, new width, O]`",
    "`[H, W, O, I]`", "Conv2DTranspose(O, (H, W)"
);

/// Defines the weights of a depthwise and of a separable convolution, with and without bias.
macro_rules! depthwise {
    (
        $depthwise:ident, $depthwise_without:ident, $separable:ident, $separable_without:ident,
        $rank:ident<$($taps:ident),+; $($one:literal),+>, $keras:literal
    ) => {
        weights! {
            #[doc = concat!("The weights of `", stringify!($depthwise), "`: `M` output channels for each of `I` channels, `O = I · M`.")]
            ///
            #[doc = concat!("**Keras equivalent:** `keras.layers.", stringify!($depthwise), "(", $keras, ", depth_multiplier=M)`,")]
            /// with weights of the same names and layout.
            pub struct $depthwise<$(const $taps: usize,)+ const I: usize, const M: usize, const O: usize, E: Dtype, D: Storage<E>> {
                /// Kernel, `[taps…, I, M]`.
                pub kernel: Tensor<$rank<$($taps,)+ I, M>, E, D>,
                /// Bias of the output channels, `[O]`.
                pub bias: Tensor<Rank1<O>, E, D>,
            }
        }

        weights! {
            #[doc = concat!("The weights of `", stringify!($depthwise), "` without bias: `M` output channels for each of `I` channels.")]
            ///
            #[doc = concat!("**Keras equivalent:** `keras.layers.", stringify!($depthwise), "(", $keras, ", depth_multiplier=M, use_bias=False)`.")]
            pub struct $depthwise_without<$(const $taps: usize,)+ const I: usize, const M: usize, E: Dtype, D: Storage<E>> {
                /// Kernel, `[taps…, I, M]`.
                pub kernel: Tensor<$rank<$($taps,)+ I, M>, E, D>,
            }
        }

        weights! {
            #[doc = concat!("The weights of `", stringify!($separable), "`: `I` channels, `P = I · M` channels in between, `O` filters.")]
            ///
            #[doc = concat!("**Keras equivalent:** `keras.layers.", stringify!($separable), "(O, ", $keras, ", depth_multiplier=M)`,")]
            /// with weights of the same names and layout.
            pub struct $separable<$(const $taps: usize,)+ const I: usize, const M: usize, const P: usize, const O: usize, E: Dtype, D: Storage<E>> {
                /// Depthwise kernel, `[taps…, I, M]`.
                pub depthwise_kernel: Tensor<$rank<$($taps,)+ I, M>, E, D>,
                /// Pointwise kernel, `[1…, P, O]`.
                pub pointwise_kernel: Tensor<$rank<$($one,)+ P, O>, E, D>,
                /// Bias of the output channels, `[O]`.
                pub bias: Tensor<Rank1<O>, E, D>,
            }
        }

        weights! {
            #[doc = concat!("The weights of `", stringify!($separable), "` without bias: `I` channels, `P = I · M` channels in between, `O` filters.")]
            ///
            #[doc = concat!("**Keras equivalent:** `keras.layers.", stringify!($separable), "(O, ", $keras, ", depth_multiplier=M, use_bias=False)`.")]
            pub struct $separable_without<$(const $taps: usize,)+ const I: usize, const M: usize, const P: usize, const O: usize, E: Dtype, D: Storage<E>> {
                /// Depthwise kernel, `[taps…, I, M]`.
                pub depthwise_kernel: Tensor<$rank<$($taps,)+ I, M>, E, D>,
                /// Pointwise kernel, `[1…, P, O]`.
                pub pointwise_kernel: Tensor<$rank<$($one,)+ P, O>, E, D>,
            }
        }
    };
}

depthwise!(
    DepthwiseConv1D, DepthwiseConv1DWithoutBias, SeparableConv1D, SeparableConv1DWithoutBias, Rank3<K; 1>, "K"
);
depthwise!(
    DepthwiseConv2D, DepthwiseConv2DWithoutBias, SeparableConv2D, SeparableConv2DWithoutBias, Rank4<H, W; 1, 1>, "(H, W)"
);

/// Defines the weights of `PReLU`, for a number of axes.
macro_rules! prelu {
    ($layer:ident, $rank:ident<$($size:ident),+>, $shape:literal) => {
        weights! {
            #[doc = concat!("The weight of `PReLU` with slopes of shape ", $shape, ".")]
            ///
            /// **Keras equivalent:** `keras.layers.PReLU()`.
            pub struct $layer<$(const $size: usize,)+ E: Dtype, D: Storage<E>> {
                #[doc = concat!("Slopes for negative values, ", $shape, ".")]
                pub alpha: Tensor<$rank<$($size),+>, E, D>,
            }
        }
    };
}

prelu!(PReLU1D, Rank1<A>, "`[A]`");
prelu!(PReLU2D, Rank2<A, B>, "`[A, B]`");
prelu!(PReLU3D, Rank3<A, B, C>, "`[A, B, C]`");
prelu!(PReLU4D, Rank4<A, B, C, F>, "`[A, B, C, F]`");

/// Defines the weights of `Weight`, for a number of axes.
macro_rules! weight_tensor {
    ($layer:ident, $rank:ident $(<$($size:ident),+>)?, $shape:literal) => {
        weights! {
            #[doc = concat!("The weight of `Weight` of shape ", $shape, ".")]
            ///
            /// **Keras equivalent:** `keras.layers.Layer.add_weight`.
            pub struct $layer<$($(const $size: usize,)+)? E: Dtype, D: Storage<E>> {
                #[doc = concat!("The values, ", $shape, ".")]
                pub weight: Tensor<$rank$(<$($size),+>)?, E, D>,
            }
        }
    };
}

weight_tensor!(Weight0D, Rank0, "`[]`");
weight_tensor!(Weight1D, Rank1<A>, "`[A]`");
weight_tensor!(Weight2D, Rank2<A, B>, "`[A, B]`");
weight_tensor!(Weight3D, Rank3<A, B, C>, "`[A, B, C]`");
weight_tensor!(Weight4D, Rank4<A, B, C, F>, "`[A, B, C, F]`");

/// Defines the weights of `LayerNormalization`, for a number of axes.
macro_rules! layer_normalization {
    ($layer:ident, $without_beta:ident, $without_gamma:ident, $rank:ident<$($size:ident),+>, $shape:literal) => {
        weights! {
            #[doc = concat!("The weights of `LayerNormalization` over axes of lengths ", $shape, ".")]
            ///
            /// **Keras equivalent:** `keras.layers.LayerNormalization()`, with weights of the same names and layout.
            pub struct $layer<$(const $size: usize,)+ E: Dtype, D: Storage<E>> {
                #[doc = concat!("Scale, ", $shape, ".")]
                pub gamma: Tensor<$rank<$($size),+>, E, D>,
                #[doc = concat!("Offsets, ", $shape, ".")]
                pub beta: Tensor<$rank<$($size),+>, E, D>,
            }
        }

        weights! {
            #[doc = concat!("The weights of `LayerNormalization` without `beta` over axes of lengths ", $shape, ".")]
            ///
            /// **Keras equivalent:** `keras.layers.LayerNormalization(center=False)`.
            pub struct $without_beta<$(const $size: usize,)+ E: Dtype, D: Storage<E>> {
                #[doc = concat!("Scale, ", $shape, ".")]
                pub gamma: Tensor<$rank<$($size),+>, E, D>,
            }
        }

        weights! {
            #[doc = concat!("The weights of `LayerNormalization` without `gamma` over axes of lengths ", $shape, ".")]
            ///
            /// **Keras equivalent:** `keras.layers.LayerNormalization(scale=False)`.
            pub struct $without_gamma<$(const $size: usize,)+ E: Dtype, D: Storage<E>> {
                #[doc = concat!("Offsets, ", $shape, ".")]
                pub beta: Tensor<$rank<$($size),+>, E, D>,
            }
        }
    };
}

layer_normalization!(
    LayerNormalization1D,
    LayerNormalization1DWithoutBeta,
    LayerNormalization1DWithoutGamma,
    Rank1<A>,
    "`[A]`"
);
layer_normalization!(
    LayerNormalization2D, LayerNormalization2DWithoutBeta, LayerNormalization2DWithoutGamma, Rank2<A, B>, "`[A, B]`"
);
layer_normalization!(
    LayerNormalization3D, LayerNormalization3DWithoutBeta, LayerNormalization3DWithoutGamma, Rank3<A, B, C>, "`[A, B, C]`"
);

/// Defines the weights of a group normalization with or without scale and offset.
macro_rules! group_normalization {
    ($layer:ident, $what:literal, $keras:literal, $($(#[$doc:meta])* $weight:ident),+) => {
        weights! {
            #[doc = concat!("The weights of `GroupNormalization`", $what, ", for `C` channels.")]
            ///
            #[doc = concat!("**Keras equivalent:** `keras.layers.GroupNormalization(", $keras, ")`.")]
            pub struct $layer<const C: usize, E: Dtype, D: Storage<E>> {
                $($(#[$doc])* pub $weight: Tensor<Rank1<C>, E, D>,)+
            }
        }
    };
}

group_normalization!(
    GroupNormalization, "", "",
    /// Scale, `[C]`.
    gamma,
    /// Offset, `[C]`.
    beta
);
group_normalization!(
    GroupNormalizationWithoutGamma, " without scale", "scale=False",
    /// Offset, `[C]`.
    beta
);
group_normalization!(
    GroupNormalizationWithoutBeta, " without offset", "center=False",
    /// Scale, `[C]`.
    gamma
);

/// Defines the weights of `RMSNormalization`, for a number of axes.
macro_rules! rms_normalization {
    ($layer:ident, $rank:ident<$($size:ident),+>, $shape:literal) => {
        weights! {
            #[doc = concat!("The weight of `RMSNormalization` over axes of lengths ", $shape, ".")]
            ///
            /// **Keras equivalent:** `keras.layers.RMSNormalization()`.
            pub struct $layer<$(const $size: usize,)+ E: Dtype, D: Storage<E>> {
                #[doc = concat!("Scale, ", $shape, ".")]
                pub scale: Tensor<$rank<$($size),+>, E, D>,
            }
        }
    };
}

rms_normalization!(RMSNormalization1D, Rank1<A>, "`[A]`");
rms_normalization!(RMSNormalization2D, Rank2<A, B>, "`[A, B]`");
rms_normalization!(RMSNormalization3D, Rank3<A, B, C>, "`[A, B, C]`");

/// Defines the weights of `Normalization`, for a number of axes, counted from the end or from the start.
macro_rules! normalization {
    ($layer:ident, $from_start:ident, [$($size:ident),*], $shape:ty, $shown:literal) => {
        normalization!(
            $layer, [$($size),*], $shape, $shown, AFTER,
            "`AFTER` is the number of axes after these.",
            |dims: &[usize]| dims.len() - AFTER.min(dims.len())
        );
        normalization!(
            $from_start, [$($size),*], $shape, $shown, LAST,
            "`LAST` is the last of these axes, with the batch as axis 0.",
            |dims: &[usize]| (LAST + 1).min(dims.len())
        );
    };
    (
        $layer:ident, [$($size:ident),*], $shape:ty, $shown:literal, $place:ident, $about:literal, $end:expr
    ) => {
        weights! {
            #[doc = concat!("The weights of `Normalization` over axes of lengths ", $shown, ", set from data and not trained.")]
            #[doc = $about]
            ///
            /// **Keras equivalent:** `keras.layers.Normalization()`, with weights of the same names and layout,
            /// except `count`.
            pub struct $layer<$(const $size: usize,)* const $place: usize, E: Dtype, D: Storage<E>> {
                #[doc = concat!("Mean of the data, ", $shown, ".")]
                pub mean: Tensor<$shape, E, D>,
                #[doc = concat!("Variance of the data, ", $shown, ".")]
                pub variance: Tensor<$shape, E, D>,
            }
        }

        impl<$(const $size: usize,)* const $place: usize, E: Float> $layer<$($size,)* $place, E, Cpu> {
            /// Sets mean and variance to those of `values`, samples of the layer's input:
            /// `model.normalization.adapt(&inputs.x)`.
            ///
            /// # Errors
            /// [`Error::AdaptedShape`](crate::error::Error::AdaptedShape) if the axes of the values have other lengths,
            /// [`Error::NoData`](crate::error::Error::NoData) without samples,
            /// [`Error::NotFinite`](crate::error::Error::NotFinite) if a value is NaN or infinite, and
            /// [`Error::AdaptedVariance`](crate::error::Error::AdaptedVariance) if a variance would be. The weights are then unchanged.
            pub fn adapt<S: Shape>(&mut self, values: &Tensor<S, E, Cpu>) -> Result<()> {
                let dims = values.shape().concrete().into_iter().collect::<Vec<usize>>();
                let end = ($end)(&dims);
                let lengths: &[usize] = &[$($size),*];
                // dfdx panics when it reads a tensor without values.
                let data = if dims.contains(&0) { vec![] } else { values.as_vec() };
                let [mean, variance] = adapt::moments(&data, &dims, end, lengths)?;
                self.mean.copy_from(&mean);
                self.variance.copy_from(&variance);
                Ok(())
            }
        }
    };
}

normalization!(Normalization0D, Normalization0DFromStart, [], Rank0, "`[]`");
normalization!(Normalization1D, Normalization1DFromStart, [A], Rank1<A>, "`[A]`");
normalization!(Normalization2D, Normalization2DFromStart, [A, B], Rank2<A, B>, "`[A, B]`");
normalization!(Normalization3D, Normalization3DFromStart, [A, B, C], Rank3<A, B, C>, "`[A, B, C]`");
