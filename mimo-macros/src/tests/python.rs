//! Values and constants.
