#![doc = include_str!("../README.md")]
//!
//! # How it is built
//!
//! Each kernel is written once over the `Simd` trait with run-time dimensions and compiled for AVX-512, for AVX2 with
//! FMA and for plain arrays. Constant dimensions were measured to bring no speed; only the size of a register tile
//! has to be constant. The instruction set ([`Kernels`]) is chosen once for the processor. A program contains only
//! the kernels that it calls.
//!
//! All values that one piece of work needs live in one slice (an *arena*) and are addressed by [`Mat`]s. That is why
//! functions take the slice once, and why kernels work on raw pointers derived from that one exclusive borrow: two
//! `Mat`s may interleave row by row, which two Rust slices could not. A kernel is memory-safe whatever its `Mat`s
//! overlap, as long as they are in bounds. Overlap can only make the *numbers* wrong, and each function says where an
//! identical `Mat` (in-place work) is allowed.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), no_std)]
#![expect(unsafe_code, reason = "vector instructions and several matrices in one slice need raw pointers")]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod activation;
pub mod aligned;
pub mod arithmetic;
pub mod attend;
pub mod batch_norm;
pub mod contraction;
pub mod conv;
pub mod dense;
pub mod depthwise;
mod dispatch;
pub mod element;
pub mod elementwise;
pub mod interleave;
mod lanewise;
pub mod layer_norm;
pub mod lstm;
pub mod matmul;
pub mod matrix;
pub mod optimizer;
mod packing;
pub mod pieces;
#[cfg(any(feature = "std", test))]
pub mod pool;
pub mod pooled;
pub mod pooling;
mod product;
pub mod random;
pub mod recurrent;
pub mod resize;
pub mod rows;
pub mod scatter;
mod simd;
mod skinny;
mod softmax;
mod sparsemax;
pub mod spectral;
pub mod steps;
mod taps;
#[cfg(test)]
mod tests;
mod windows;

pub use activation::{
    Activation, activation_backward, activation_forward, softmax_backward, softmax_forward,
};
pub use aligned::{AlignedVec, AllocationError};
pub use arithmetic::{Binary, binary, copy, fill, scale_add};
pub use attend::{
    Attention, AttentionDropout, AttentionGradients, AttentionPlaces, FullyMasked, Score, attend,
    attend_gradient, attend_gradient_memory, attend_memory,
};
pub use contraction::{Contraction, Part, contract};
pub use dense::{
    Epilogue, PANEL, column_sums, dense_add, dense_forward, dense_forward_transposed, dense_input_gradient,
    dense_kernel_gradient, is_deep, pack_transposed, packed_len,
};
pub use dispatch::Kernels;
#[cfg(any(feature = "forced", test))]
pub use dispatch::forced;
pub use element::Element;
pub use interleave::{interleave, interleaved_block_len, interleaved_len};
pub use lstm::{LstmPlaces, LstmWeights, lstm_step};
pub use matmul::{Strided, matmul};
pub use matrix::{Blocks, Mat};
pub use pieces::{Claims, Pieces};
#[cfg(any(feature = "std", test))]
pub use pool::Pool;
pub use pooling::{PoolKind, Windows, pooling, pooling_gradient};
pub use random::{dropout, gaussian_noise, normal, truncated_normal, uniform};
pub use recurrent::{lstm_backward, lstm_forward};
pub use resize::{Interpolation, Resize, resize, resize_gradient};
pub use rows::{copy_rows, fill_rows};
pub use scatter::scatter_add;
pub use sparsemax::{sparsemax_backward, sparsemax_forward};
pub use spectral::{divide_by_spectral_norm, spectral_memory};
pub use steps::{Steps, add_steps_gradient, add_steps_sums};
