//! The architectures of [`keras.applications`](https://keras.io/api/applications/) in the language of mimo.
//!
//! Each is a function with Keras's options by Keras's names (`include_top`, `pooling`, `classes`, `alpha`, …). A model brings it in, and its layers
//! are layers of that model, with Keras's names. The size of the image is that of the tensor.
//!
//! ```
//! use mimo::prelude::*;
//!
//! model! {
//!     /// What an image shows, and how much of it.
//!     pub Scene {
//!         use mimo_models::mobilenet_v2::mobilenet_v2;
//!
//!         let image = Input(shape = [32, 32, 3]);
//!         let features =
//!             mobilenet_v2(image, alpha = 0.35, include_top = false, pooling = avg);
//!         let kind = Dense(4, activation = softmax)(features);
//!         let amount = Dense(1)(features);
//!
//!         Model(inputs = [image], outputs = [kind, amount])
//!             .compile(
//!                 optimizer = Adam(),
//!                 loss = { kind: sparse_categorical_crossentropy, amount: mse },
//!             )
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! | module and feature | functions | model | its input | its weights | head | paper |
//! |---|---|---|---|---:|---|---|
//! | [`convnext`] | `convnext_tiny`, `_small`, `_base`, `_large`, `_xlarge` | `ConvNeXtTiny` | 224 × 224 | 28,589,128 | means, normalized, dense | [2201.03545](https://arxiv.org/abs/2201.03545) |
//! | [`densenet`] | `densenet121`, `densenet169`, `densenet201` | `DenseNet121` | 224 × 224 | 8,062,504 | means, dense | [1608.06993](https://arxiv.org/abs/1608.06993) |
//! | [`efficientnet`] | `efficientnet_b0` to `_b7` | `EfficientNetB0` | 224 × 224 | 5,330,570 | means, dropout, dense | [1905.11946](https://arxiv.org/abs/1905.11946) |
//! | [`efficientnet_v2`] | `efficientnet_v2_b0` to `_b3`, `_s`, `_m`, `_l` | `EfficientNetV2B0` | 224 × 224 | 7,200,312 | means, dropout, dense | [2104.00298](https://arxiv.org/abs/2104.00298) |
//! | [`inception_resnet_v2`] | `inception_resnet_v2` | `InceptionResNetV2` | 299 × 299 | 55,873,736 | means, dense | [1602.07261](https://arxiv.org/abs/1602.07261) |
//! | [`inception_v3`] | `inception_v3` | `InceptionV3` | 299 × 299 | 23,851,784 | means, dense | [1512.00567](https://arxiv.org/abs/1512.00567) |
//! | [`mobilenet`] | `mobilenet` | `MobileNet` | 224 × 224 | 4,253,864 | means, dropout, 1×1 convolution | [1704.04861](https://arxiv.org/abs/1704.04861) |
//! | [`mobilenet_v2`] | `mobilenet_v2` | `MobileNetV2` | 224 × 224 | 3,538,984 | means, dense | [1801.04381](https://arxiv.org/abs/1801.04381) |
//! | [`mobilenet_v3`] | `mobilenet_v3_small`, `_large` | `MobileNetV3Small` | 224 × 224 | 2,554,968 | means, two 1×1 convolutions, dropout | [1905.02244](https://arxiv.org/abs/1905.02244) |
//! | [`nasnet`] | `nasnet_mobile`, `nasnet_large` | `NASNetMobile` | 224 × 224 | 5,326,716 | means, dense | [1707.07012](https://arxiv.org/abs/1707.07012) |
//! | [`resnet`] | `resnet50`, `resnet101`, `resnet152` | `ResNet50` | 224 × 224 | 25,636,712 | means, dense | [1512.03385](https://arxiv.org/abs/1512.03385) |
//! | [`resnet_v2`] | `resnet50_v2`, `resnet101_v2`, `resnet152_v2` | `ResNet50V2` | 224 × 224 | 25,613,800 | means, dense | [1603.05027](https://arxiv.org/abs/1603.05027) |
//! | [`vgg`] | `vgg16`, `vgg19` | `VGG16` | 224 × 224 | 138,357,544 | three dense layers | [1409.1556](https://arxiv.org/abs/1409.1556) |
//! | [`xception`] | `xception` | `Xception` | 299 × 299 | 22,910,480 | means, dense | [1610.02357](https://arxiv.org/abs/1610.02357) |
//!
//! [`resnet_cifar`] has the residual networks of the paper for small images, which `keras.applications` has not.
//!
//! The models are the functions with their defaults, on images of Keras's size. Each is compiled with the feature of its module's name,
//! `all` means all of them. Functions need no feature.
//!
//! Weights are random: Keras's files are not read. `tests/counts.rs` compares the numbers of weights with Keras's, and `tests/parity.py`,
//! run by hand, logits, gradients and moving statistics.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

pub mod convnext;
pub mod densenet;
pub mod efficientnet;
pub mod efficientnet_v2;
pub mod inception_resnet_v2;
pub mod inception_v3;
pub mod mobilenet;
pub mod mobilenet_v2;
pub mod mobilenet_v3;
pub mod nasnet;
pub mod resnet;
pub mod resnet_cifar;
pub mod resnet_v2;
pub mod vgg;
pub mod xception;
