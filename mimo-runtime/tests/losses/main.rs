//! Losses and metrics: against Keras, against finite differences, and against themselves in other chunks.

mod batch;
mod golden;
mod gradients;
mod masked;
mod metrics;
mod missing;
mod passes;
