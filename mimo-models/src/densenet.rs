//! DenseNet121, DenseNet169 and DenseNet201: every block reads the outputs of all blocks before it.
//!
//! Paper: *Densely Connected Convolutional Networks* (<https://arxiv.org/abs/1608.06993>).

use mimo::prelude::*;

functions! {
    const EPSILON: f64 = 1.001e-5;
    /// Channels that every block adds.
    const GROWTH: usize = 32;

    /// The tensor with the channels of one more block.
    fn block(x, name) {
        let new = BatchNormalization(epsilon = EPSILON, name = "{name}_0_bn")(x);
        let new = Activation(relu, name = "{name}_0_relu")(new);
        let new = Conv2D(4 * GROWTH, 1, use_bias = false, name = "{name}_1_conv")(new);
        let new = BatchNormalization(epsilon = EPSILON, name = "{name}_1_bn")(new);
        let new = Activation(relu, name = "{name}_1_relu")(new);
        let new = Conv2D(GROWTH, 3, padding = same, use_bias = false, name = "{name}_2_conv")(new);
        concatenate([x, new], name = "{name}_concat")
    }

    /// Half of the channels and half of the image.
    fn transition(x, name) {
        let half = x.shape[-1] / 2;
        let x = BatchNormalization(epsilon = EPSILON, name = "{name}_bn")(x);
        let x = Activation(relu, name = "{name}_relu")(x);
        let x = Conv2D(half, 1, use_bias = false, name = "{name}_conv")(x);
        AveragePooling2D(2, strides = 2, name = "{name}_pool")(x)
    }

    /// DenseNet with the number of blocks of each of its four stages.
    fn densenet(image, blocks, include_top, pooling, classes, classifier_activation) {
        let x = ZeroPadding2D(3)(image);
        let x = Conv2D(64, 7, strides = 2, use_bias = false, name = "conv1_conv")(x);
        let x = BatchNormalization(epsilon = EPSILON, name = "conv1_bn")(x);
        let x = Activation(relu, name = "conv1_relu")(x);
        let x = ZeroPadding2D(1)(x);
        let x = MaxPooling2D(3, strides = 2, name = "pool1")(x);
        for (i, count) in blocks.iter().enumerate() {
            for j in 1..=count {
                let x = block(x, "conv{i + 2}_block{j}");
            }
            if i + 1 < blocks.len() {
                let x = transition(x, "pool{i + 2}");
            }
        }
        let x = BatchNormalization(epsilon = EPSILON, name = "bn")(x);
        let x = Activation(relu, name = "relu")(x);
        if include_top {
            let x = GlobalAveragePooling2D(name = "avg_pool")(x);
            Dense(classes, activation = classifier_activation, name = "predictions")(x)
        } else if pooling == avg {
            GlobalAveragePooling2D(name = "avg_pool")(x)
        } else if pooling == max {
            GlobalMaxPooling2D(name = "max_pool")(x)
        } else {
            x
        }
    }

    /// DenseNet121: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`DenseNet121`](https://keras.io/api/applications/densenet/#densenet121-function)
    pub fn densenet121(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        densenet(image, [6, 12, 24, 16], include_top, pooling, classes, classifier_activation)
    }

    /// DenseNet169: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`DenseNet169`](https://keras.io/api/applications/densenet/#densenet169-function)
    pub fn densenet169(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        densenet(image, [6, 12, 32, 32], include_top, pooling, classes, classifier_activation)
    }

    /// DenseNet201: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`DenseNet201`](https://keras.io/api/applications/densenet/#densenet201-function)
    pub fn densenet201(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        densenet(image, [6, 12, 48, 32], include_top, pooling, classes, classifier_activation)
    }
}

#[cfg(feature = "densenet")]
model! {
    /// DenseNet121: 121 layers of weights, 8.1 million parameters.
    ///
    /// Keras: [`DenseNet121`](https://keras.io/api/applications/densenet/#densenet121-function). Its inputs are images with
    /// values from 0 to 1, normalized by the mean and the deviation of ImageNet's channels.
    pub DenseNet121 {
        use densenet121;

        let image = Input(shape = [224, 224, 3]);
        let predictions = densenet121(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
