//! ResNet50V2, ResNet101V2 and ResNet152V2: residual blocks that are normalized before their convolutions.
//!
//! Paper: *Identity Mappings in Deep Residual Networks* (<https://arxiv.org/abs/1603.05027>).

use mimo::prelude::*;

functions! {
    const EPSILON: f64 = 1.001e-5;

    /// Three convolutions beside a shortcut: the first block of a stack projects it, and the last one may halve the image.
    fn block(x, filters, stride, project, name) {
        let active = BatchNormalization(epsilon = EPSILON, name = "{name}_preact_bn")(x);
        let active = Activation(relu, name = "{name}_preact_relu")(active);
        let shortcut = if project {
            Conv2D(4 * filters, 1, strides = stride, name = "{name}_0_conv")(active)
        } else if stride > 1 {
            MaxPooling2D(1, strides = stride)(x)
        } else {
            x
        };
        let x = Conv2D(filters, 1, use_bias = false, name = "{name}_1_conv")(active);
        let x = BatchNormalization(epsilon = EPSILON, name = "{name}_1_bn")(x);
        let x = Activation(relu, name = "{name}_1_relu")(x);
        let x = ZeroPadding2D(1, name = "{name}_2_pad")(x);
        let x = Conv2D(filters, 3, strides = stride, use_bias = false, name = "{name}_2_conv")(x);
        let x = BatchNormalization(epsilon = EPSILON, name = "{name}_2_bn")(x);
        let x = Activation(relu, name = "{name}_2_relu")(x);
        let x = Conv2D(4 * filters, 1, name = "{name}_3_conv")(x);
        add([shortcut, x], name = "{name}_out")
    }

    /// ResNetV2 with the number of blocks of each of its four stacks.
    fn resnet_v2(image, blocks, include_top, pooling, classes, classifier_activation) {
        let x = ZeroPadding2D(3, name = "conv1_pad")(image);
        let x = Conv2D(64, 7, strides = 2, name = "conv1_conv")(x);
        let x = ZeroPadding2D(1, name = "pool1_pad")(x);
        let x = MaxPooling2D(3, strides = 2, name = "pool1_pool")(x);
        for (i, filters) in [64, 128, 256, 512].iter().enumerate() {
            for j in 0..blocks[i] {
                let stride = if i < 3 && j + 1 == blocks[i] { 2 } else { 1 };
                let x = block(x, filters, stride, project = j == 0, name = "conv{i + 2}_block{j + 1}");
            }
        }
        let x = BatchNormalization(epsilon = EPSILON, name = "post_bn")(x);
        let x = Activation(relu, name = "post_relu")(x);
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

    /// ResNet50V2: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`ResNet50V2`](https://keras.io/api/applications/resnet/#resnet50v2-function)
    pub fn resnet50_v2(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        resnet_v2(image, [3, 4, 6, 3], include_top, pooling, classes, classifier_activation)
    }

    /// ResNet101V2: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`ResNet101V2`](https://keras.io/api/applications/resnet/#resnet101v2-function)
    pub fn resnet101_v2(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        resnet_v2(image, [3, 4, 23, 3], include_top, pooling, classes, classifier_activation)
    }

    /// ResNet152V2: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`ResNet152V2`](https://keras.io/api/applications/resnet/#resnet152v2-function)
    pub fn resnet152_v2(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        resnet_v2(image, [3, 8, 36, 3], include_top, pooling, classes, classifier_activation)
    }
}

#[cfg(feature = "resnet_v2")]
model! {
    /// ResNet50V2: 25.6 million parameters.
    ///
    /// Keras: [`ResNet50V2`](https://keras.io/api/applications/resnet/#resnet50v2-function). Its inputs are images with values
    /// from -1 to 1.
    pub ResNet50V2 {
        use resnet50_v2;

        let image = Input(shape = [224, 224, 3]);
        let predictions = resnet50_v2(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
