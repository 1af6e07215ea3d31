//! Models in an editor.

pub mod autoencoder;
pub mod branches;
pub mod captcha;
pub mod diagnosis;
pub mod own;
pub mod parts;
pub mod residual;
pub mod siamese;
pub mod translate;
mod typing;
