//! What a mimo model is.
