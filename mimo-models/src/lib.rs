//! The architectures of [`keras.applications`](https://keras.io/api/applications/) in the language of mimo.
#![forbid(unsafe_code)]

#[cfg(feature = "vgg")]
pub mod vgg;
#[cfg(feature = "resnet")]
pub mod resnet;
#[cfg(feature = "mobilenet_v2")]
pub mod mobilenet_v2;
#[cfg(feature = "efficientnet")]
pub mod efficientnet;
#[cfg(feature = "densenet")]
pub mod densenet;
#[cfg(feature = "convnext")]
pub mod convnext;
#[cfg(feature = "mobilenet")]
pub mod mobilenet;
#[cfg(feature = "xception")]
pub mod xception;
#[cfg(feature = "resnet_v2")]
pub mod resnet_v2;
#[cfg(feature = "inception_v3")]
pub mod inception_v3;
#[cfg(feature = "mobilenet_v3")]
pub mod mobilenet_v3;
#[cfg(feature = "efficientnet_v2")]
pub mod efficientnet_v2;
#[cfg(feature = "inception_resnet_v2")]
pub mod inception_resnet_v2;
#[cfg(feature = "nasnet")]
pub mod nasnet;
