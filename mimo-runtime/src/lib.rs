//! The runtime of mimo.
