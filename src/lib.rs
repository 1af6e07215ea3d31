//! mimo.
