//! The architectures of [`keras.applications`](https://keras.io/api/applications/) in the language of mimo.
//!
//! Each is a function, which a model brings in: its layers are layers of that model, with Keras's names.
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
//!         let features = mobilenet_v2(image, alpha = 0.35, include_top = false, pooling = avg);
//!         let kind = Dense(4, activation = softmax)(features);
//!         let amount = Dense(1)(features);
//!
//!         Model(inputs = [image], outputs = [kind, amount])
//!             .compile(optimizer = Adam(), loss = { kind: sparse_categorical_crossentropy, amount: mse })
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! | module | functions | model | weights |
//! |---|---|---|---:|
//! | [`convnext`] | `convnext_tiny`, `_small`, `_base`, `_large`, `_xlarge` | `ConvNeXtTiny` | 28,589,128 |
//! | [`densenet`] | `densenet121`, `densenet169`, `densenet201` | `DenseNet121` | 8,062,504 |
//! | [`efficientnet`] | `efficientnet_b0` to `efficientnet_b7` | `EfficientNetB0` | 5,330,570 |
//! | [`efficientnet_v2`] | `efficientnet_v2_b0` to `_b3`, `_s`, `_m`, `_l` | `EfficientNetV2B0` | 7,200,312 |
//! | [`inception_resnet_v2`] | `inception_resnet_v2` | `InceptionResNetV2` | 55,873,736 |
//! | [`inception_v3`] | `inception_v3` | `InceptionV3` | 23,851,784 |
//! | [`mobilenet`] | `mobilenet` | `MobileNet` | 4,253,864 |
//! | [`mobilenet_v2`] | `mobilenet_v2` | `MobileNetV2` | 3,538,984 |
//! | [`mobilenet_v3`] | `mobilenet_v3_small`, `mobilenet_v3_large` | `MobileNetV3Small` | 2,554,968 |
//! | [`nasnet`] | `nasnet_mobile`, `nasnet_large` | `NASNetMobile` | 5,326,716 |
//! | [`resnet`] | `resnet50`, `resnet101`, `resnet152` | `ResNet50` | 25,636,712 |
//! | [`resnet_v2`] | `resnet50_v2`, `resnet101_v2`, `resnet152_v2` | `ResNet50V2` | 25,613,800 |
//! | [`vgg`] | `vgg16`, `vgg19` | `VGG16` | 138,357,544 |
//! | [`xception`] | `xception` | `Xception` | 22,910,480 |
//!
//! The models are the functions with their defaults, on images of Keras's size. Each is compiled with the feature of its module's name,
//! `all` means all of them. Functions need no feature.
//!
//! Weights are random: Keras's files are not read.
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
pub mod resnet_v2;
pub mod vgg;
pub mod xception;
