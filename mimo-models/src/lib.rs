//! The architectures of [`keras.applications`](https://keras.io/api/applications/) in the language of mimo.
//!
//! Each family is a file of functions: blocks, and one function per model, with Keras's options by Keras's names (`include_top`,
//! `pooling`, `classes`, `classifier_activation`, `alpha`, …). The size of the image is that of the tensor which they are called
//! with. Layers have Keras's names, so weights are mapped by name. A model per family, with Keras's defaults, is a type:
//!
//! ```
//! # #[cfg(feature = "mobilenet")] {
//! use mimo_models::mobilenet::MobileNet;
//!
//! assert_eq!(MobileNet::PARAMETERS, 4_253_864);
//! # }
//! ```
//!
//! Weights are random: mimo reads no files of Keras's.
//!
//! | feature | models | input | parameters of the first | head | paper |
//! |---|---|---|---:|---|---|
//! | `convnext` | ConvNeXtTiny, ConvNeXtSmall, ConvNeXtBase, ConvNeXtLarge, ConvNeXtXLarge | 224 × 224 | 28,589,128 | means, normalized, dense | [2201.03545](https://arxiv.org/abs/2201.03545) |
//! | `densenet` | DenseNet121, DenseNet169, DenseNet201 | 224 × 224 | 8,062,504 | means, dense | [1608.06993](https://arxiv.org/abs/1608.06993) |
//! | `efficientnet` | EfficientNetB0 to EfficientNetB7 | 224 × 224 to 600 × 600 | 5,330,570 | means, dropout, dense | [1905.11946](https://arxiv.org/abs/1905.11946) |
//! | `efficientnet_v2` | EfficientNetV2B0 to EfficientNetV2B3, EfficientNetV2S, EfficientNetV2M, EfficientNetV2L | 224 × 224 to 480 × 480 | 7,200,312 | means, dropout, dense | [2104.00298](https://arxiv.org/abs/2104.00298) |
//! | `inception_resnet_v2` | InceptionResNetV2 | 299 × 299 | 55,873,736 | means, dense | [1602.07261](https://arxiv.org/abs/1602.07261) |
//! | `inception_v3` | InceptionV3 | 299 × 299 | 23,851,784 | means, dense | [1512.00567](https://arxiv.org/abs/1512.00567) |
//! | `mobilenet` (default) | MobileNet | 224 × 224 | 4,253,864 | means, dropout, 1×1 convolution | [1704.04861](https://arxiv.org/abs/1704.04861) |
//! | `mobilenet_v2` | MobileNetV2 | 224 × 224 | 3,538,984 | means, dense | [1801.04381](https://arxiv.org/abs/1801.04381) |
//! | `mobilenet_v3` | MobileNetV3Small, MobileNetV3Large | 224 × 224 | 2,554,968 | means, two 1×1 convolutions, dropout | [1905.02244](https://arxiv.org/abs/1905.02244) |
//! | `nasnet` | NASNetMobile, NASNetLarge | 224 × 224, 331 × 331 | 5,326,716 | means, dense | [1707.07012](https://arxiv.org/abs/1707.07012) |
//! | `resnet` | ResNet50, ResNet101, ResNet152 | 224 × 224 | 25,636,712 | means, dense | [1512.03385](https://arxiv.org/abs/1512.03385) |
//! | `resnet_v2` | ResNet50V2, ResNet101V2, ResNet152V2 | 224 × 224 | 25,613,800 | means, dense | [1603.05027](https://arxiv.org/abs/1603.05027) |
//! | `vgg` | VGG16, VGG19 | 224 × 224 | 138,357,544 | three dense layers | [1409.1556](https://arxiv.org/abs/1409.1556) |
//! | `xception` | Xception | 299 × 299 | 22,910,480 | means, dense | [1610.02357](https://arxiv.org/abs/1610.02357) |
//!
//! The feature `all` has every family. `tests/counts.rs` compares the numbers of weights with Keras's, and `tests/parity.py`, run by
//! hand, logits, gradients and moving statistics.
#![forbid(unsafe_code)]

#[cfg(feature = "convnext")]
pub mod convnext;
#[cfg(feature = "densenet")]
pub mod densenet;
#[cfg(feature = "efficientnet")]
pub mod efficientnet;
#[cfg(feature = "efficientnet_v2")]
pub mod efficientnet_v2;
#[cfg(feature = "inception_resnet_v2")]
pub mod inception_resnet_v2;
#[cfg(feature = "inception_v3")]
pub mod inception_v3;
#[cfg(feature = "mobilenet")]
pub mod mobilenet;
#[cfg(feature = "mobilenet_v2")]
pub mod mobilenet_v2;
#[cfg(feature = "mobilenet_v3")]
pub mod mobilenet_v3;
#[cfg(feature = "nasnet")]
pub mod nasnet;
#[cfg(feature = "resnet")]
pub mod resnet;
#[cfg(feature = "resnet_v2")]
pub mod resnet_v2;
#[cfg(feature = "vgg")]
pub mod vgg;
#[cfg(feature = "xception")]
pub mod xception;
