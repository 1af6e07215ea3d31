//! VGG16 and VGG19: stacks of 3×3 convolutions between poolings, and three dense layers.
//!
//! Paper: *Very Deep Convolutional Networks for Large-Scale Image Recognition* (<https://arxiv.org/abs/1409.1556>).

use mimo::prelude::*;

functions! {
    /// Convolutions `block{number}_conv1`, … of equal width, and a pooling that halves the image.
    fn block(x, number, filters, convolutions) {
        for i in 1..=convolutions {
            let x = Conv2D(filters, 3, activation = relu, padding = same, name = "block{number}_conv{i}")(x);
        }
        MaxPooling2D(2, strides = 2, name = "block{number}_pool")(x)
    }

    /// VGG with the number of convolutions of each of its five blocks.
    fn vgg(image, convolutions, include_top, pooling, classes, classifier_activation) {
        let x = image;
        for (i, filters) in [64, 128, 256, 512, 512].iter().enumerate() {
            let x = block(x, i + 1, filters, convolutions[i]);
        }
        if include_top {
            let x = Flatten(name = "flatten")(x);
            let x = Dense(4096, activation = relu, name = "fc1")(x);
            let x = Dense(4096, activation = relu, name = "fc2")(x);
            Dense(classes, activation = classifier_activation, name = "predictions")(x)
        } else if pooling == avg {
            GlobalAveragePooling2D()(x)
        } else if pooling == max {
            GlobalMaxPooling2D()(x)
        } else {
            x
        }
    }

    /// VGG16: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`VGG16`](https://keras.io/api/applications/vgg/#vgg16-function)
    pub fn vgg16(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        vgg(image, [2, 2, 3, 3, 3], include_top, pooling, classes, classifier_activation)
    }

    /// VGG19: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`VGG19`](https://keras.io/api/applications/vgg/#vgg19-function)
    pub fn vgg19(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        vgg(image, [2, 2, 4, 4, 4], include_top, pooling, classes, classifier_activation)
    }
}

#[cfg(feature = "vgg")]
model! {
    /// VGG16: 13 convolutions and 3 dense layers, 138 million parameters.
    ///
    /// Keras: [`VGG16`](https://keras.io/api/applications/vgg/#vgg16-function). Its inputs are BGR images with the mean of
    /// ImageNet's channels subtracted.
    pub VGG16 {
        use vgg16;

        let image = Input(shape = [224, 224, 3]);
        let predictions = vgg16(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
