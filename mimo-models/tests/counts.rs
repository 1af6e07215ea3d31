//! Every model has as many weights as Keras's. `make_counts.py` writes `counts.txt`.

use mimo::prelude::*;

/// Weights that training changes, and others.
fn counts<M: Model>() -> (usize, usize) {
    let of = |trainable: bool| {
        let weights = M::SPEC.weights.iter().filter(move |weight| weight.trainable == trainable);
        weights.map(|weight| weight.shape.iter().product::<usize>()).sum()
    };
    (of(true), of(false))
}

#[test]
fn as_many_weights_as_in_keras() {
    let found: &[(&str, (usize, usize))] = &[
        #[cfg(feature = "vgg")]
        ("VGG16", counts::<mimo_models::vgg::VGG16>()),
        #[cfg(feature = "resnet")]
        ("ResNet50", counts::<mimo_models::resnet::ResNet50>()),
        #[cfg(feature = "resnet_v2")]
        ("ResNet50V2", counts::<mimo_models::resnet_v2::ResNet50V2>()),
        #[cfg(feature = "mobilenet")]
        ("MobileNet", counts::<mimo_models::mobilenet::MobileNet>()),
        #[cfg(feature = "mobilenet_v2")]
        ("MobileNetV2", counts::<mimo_models::mobilenet_v2::MobileNetV2>()),
        #[cfg(feature = "mobilenet_v3")]
        ("MobileNetV3Small", counts::<mimo_models::mobilenet_v3::MobileNetV3Small>()),
        #[cfg(feature = "densenet")]
        ("DenseNet121", counts::<mimo_models::densenet::DenseNet121>()),
        #[cfg(feature = "inception_v3")]
        ("InceptionV3", counts::<mimo_models::inception_v3::InceptionV3>()),
        #[cfg(feature = "inception_resnet_v2")]
        ("InceptionResNetV2", counts::<mimo_models::inception_resnet_v2::InceptionResNetV2>()),
        #[cfg(feature = "xception")]
        ("Xception", counts::<mimo_models::xception::Xception>()),
        #[cfg(feature = "nasnet")]
        ("NASNetMobile", counts::<mimo_models::nasnet::NASNetMobile>()),
        #[cfg(feature = "efficientnet")]
        ("EfficientNetB0", counts::<mimo_models::efficientnet::EfficientNetB0>()),
        #[cfg(feature = "efficientnet_v2")]
        ("EfficientNetV2B0", counts::<mimo_models::efficientnet_v2::EfficientNetV2B0>()),
        #[cfg(feature = "convnext")]
        ("ConvNeXtTiny", counts::<mimo_models::convnext::ConvNeXtTiny>()),
    ];
    let expected: Vec<Vec<&str>> =
        include_str!("counts.txt").lines().map(|line| line.split(' ').collect()).collect();
    for (name, (trained, fixed)) in found {
        let keras = expected.iter().find(|line| line.first() == Some(name));
        assert_eq!(keras, Some(&vec![*name, &trained.to_string(), &fixed.to_string()]), "{name}");
    }
}
