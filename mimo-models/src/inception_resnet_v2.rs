//! InceptionResNetV2: residual blocks of parallel branches.
//!
//! Paper: *Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning*
//! (<https://arxiv.org/abs/1602.07261>).

use mimo::prelude::*;

functions! {
    fn conv(x, filters, kernel, strides = 1, padding = same) {
        let x = Conv2D(filters, kernel, strides = strides, padding = padding, use_bias = false)(x);
        Activation(relu)(BatchNormalization(scale = false)(x))
    }

    /// A convolution that halves the image.
    fn halved(x, filters) {
        conv(x, filters, 3, strides = 2, padding = valid)
    }

    /// A block's input plus its branches, combined by a 1×1 convolution and scaled.
    fn residual(x, branches, scale, name, activation = relu) {
        let mixed = concatenate(branches, name = "{name}_mixed");
        let up = Conv2D(x.shape[-1], 1, padding = same, name = "{name}_conv")(mixed);
        let x = x + scale * up;
        if activation != none { Activation(activation, name = "{name}_ac")(x) } else { x }
    }

    fn block35(x, i) {
        let a = conv(x, 32, 1);
        let b = conv(conv(x, 32, 1), 32, 3);
        let c = conv(conv(conv(x, 32, 1), 48, 3), 64, 3);
        residual(x, [a, b, c], 0.17, "block35_{i}")
    }

    fn block17(x, i) {
        let a = conv(x, 192, 1);
        let b = conv(conv(conv(x, 128, 1), 160, (1, 7)), 192, (7, 1));
        residual(x, [a, b], 0.1, "block17_{i}")
    }

    fn block8(x, i, scale = 0.2, activation = relu) {
        let a = conv(x, 192, 1);
        let b = conv(conv(conv(x, 192, 1), 224, (1, 3)), 256, (3, 1));
        residual(x, [a, b], scale, "block8_{i}", activation)
    }

    /// InceptionResNetV2: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`InceptionResNetV2`](https://keras.io/api/applications/inceptionresnetv2/#inceptionresnetv2-function)
    pub fn inception_resnet_v2(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
    ) {
        let x = halved(image, 32);
        let x = conv(conv(x, 32, 3, padding = valid), 64, 3);
        let x = MaxPooling2D(3, strides = 2)(x);
        let x = conv(conv(x, 80, 1, padding = valid), 192, 3, padding = valid);
        let x = MaxPooling2D(3, strides = 2)(x);
        let a = conv(x, 96, 1);
        let b = conv(conv(x, 48, 1), 64, 5);
        let c = conv(conv(conv(x, 64, 1), 96, 3), 96, 3);
        let d = conv(AveragePooling2D(3, strides = 1, padding = same)(x), 64, 1);
        let x = concatenate([a, b, c, d], name = "mixed_5b");
        for i in 1..=10 {
            let x = block35(x, i);
        }
        let a = halved(x, 384);
        let b = halved(conv(conv(x, 256, 1), 256, 3), 384);
        let x = concatenate([a, b, MaxPooling2D(3, strides = 2)(x)], name = "mixed_6a");
        for i in 1..=20 {
            let x = block17(x, i);
        }
        let a = halved(conv(x, 256, 1), 384);
        let b = halved(conv(x, 256, 1), 288);
        let c = halved(conv(conv(x, 256, 1), 288, 3), 320);
        let x = concatenate([a, b, c, MaxPooling2D(3, strides = 2)(x)], name = "mixed_7a");
        for i in 1..=9 {
            let x = block8(x, i);
        }
        let x = block8(x, 10, scale = 1.0, activation = none);
        let x = Conv2D(1536, 1, padding = same, use_bias = false, name = "conv_7b")(x);
        let x = BatchNormalization(scale = false, name = "conv_7b_bn")(x);
        let x = Activation(relu, name = "conv_7b_ac")(x);
        if include_top {
            let x = GlobalAveragePooling2D(name = "avg_pool")(x);
            Dense(classes, activation = classifier_activation, name = "predictions")(x)
        } else if pooling == avg {
            GlobalAveragePooling2D()(x)
        } else if pooling == max {
            GlobalMaxPooling2D()(x)
        } else {
            x
        }
    }
}

#[cfg(feature = "inception_resnet_v2")]
model! {
    /// InceptionResNetV2: 55.9 million parameters.
    ///
    /// Keras: [`InceptionResNetV2`](https://keras.io/api/applications/inceptionresnetv2/). Its inputs are images with values from
    /// -1 to 1, of at least 75 × 75.
    pub InceptionResNetV2 {
        use inception_resnet_v2;

        let image = Input(shape = [299, 299, 3]);
        let predictions = inception_resnet_v2(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
