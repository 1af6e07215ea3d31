//! Losses and metrics: compared with Keras, with finite differences, and between different chunks.

mod batch;
mod golden;
mod gradients;
mod masked;
mod metrics;
mod missing;
mod passes;
