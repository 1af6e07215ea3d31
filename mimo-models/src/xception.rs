//! Xception: residual blocks of depthwise separable convolutions.
//!
//! Paper: *Xception: Deep Learning with Depthwise Separable Convolutions* (<https://arxiv.org/abs/1610.02357>).

use mimo::prelude::*;

functions! {
    fn separable(x, filters, name) {
        let x = SeparableConv2D(filters, 3, padding = same, use_bias = false, name = name)(x);
        BatchNormalization(name = "{name}_bn")(x)
    }

    /// Two separable convolutions and a pooling that halves the image, beside a projected shortcut.
    fn entry(x, first, second, name, activate_input = true) {
        let residual = Conv2D(second, 1, strides = 2, padding = same, use_bias = false)(x);
        let residual = BatchNormalization()(residual);
        if activate_input {
            let x = Activation(relu, name = "{name}_sepconv1_act")(x);
        }
        let x = separable(x, first, "{name}_sepconv1");
        let x = Activation(relu, name = "{name}_sepconv2_act")(x);
        let x = separable(x, second, "{name}_sepconv2");
        let x = MaxPooling2D(3, strides = 2, padding = same, name = "{name}_pool")(x);
        add([x, residual])
    }

    /// Xception: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`Xception`](https://keras.io/api/applications/xception/#xception-function)
    pub fn xception(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        let x = Conv2D(32, 3, strides = 2, use_bias = false, name = "block1_conv1")(image);
        let x = BatchNormalization(name = "block1_conv1_bn")(x);
        let x = Activation(relu, name = "block1_conv1_act")(x);
        let x = Conv2D(64, 3, use_bias = false, name = "block1_conv2")(x);
        let x = BatchNormalization(name = "block1_conv2_bn")(x);
        let x = Activation(relu, name = "block1_conv2_act")(x);
        let x = entry(x, 128, 128, "block2", activate_input = false);
        let x = entry(x, 256, 256, "block3");
        let x = entry(x, 728, 728, "block4");
        for block in 5..=12 {
            let residual = x;
            for i in 1..=3 {
                let x = Activation(relu, name = "block{block}_sepconv{i}_act")(x);
                let x = separable(x, 728, "block{block}_sepconv{i}");
            }
            let x = add([x, residual]);
        }
        let x = entry(x, 728, 1024, "block13");
        for (i, filters) in [1536, 2048].iter().enumerate() {
            let x = separable(x, filters, "block14_sepconv{i + 1}");
            let x = Activation(relu, name = "block14_sepconv{i + 1}_act")(x);
        }
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

#[cfg(feature = "xception")]
model! {
    /// Xception: 22.9 million parameters.
    ///
    /// Keras: [`Xception`](https://keras.io/api/applications/xception/#xception-function). Its inputs are images with values
    /// from -1 to 1, of at least 71 × 71.
    pub Xception {
        use xception;

        let image = Input(shape = [299, 299, 3]);
        let predictions = xception(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
