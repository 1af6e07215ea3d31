//! The runtime of mimo.

#[doc(hidden)]
pub mod kernels;
