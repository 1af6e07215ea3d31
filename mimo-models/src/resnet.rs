//! ResNet50, ResNet101 and ResNet152: blocks of three convolutions with a shortcut around them.
//!
//! Paper: *Deep Residual Learning for Image Recognition* (<https://arxiv.org/abs/1512.03385>).

use mimo::prelude::*;

functions! {
    const EPSILON: f64 = 1.001e-5;

    /// A 1×1, a 3×3 and a 1×1 convolution beside a shortcut, which is projected in the first block of a stack.
    fn block(x, filters, stride, project, name) {
        let shortcut = if project {
            let shortcut = Conv2D(4 * filters, 1, strides = stride, name = "{name}_0_conv")(x);
            BatchNormalization(epsilon = EPSILON, name = "{name}_0_bn")(shortcut)
        } else {
            x
        };
        let x = Conv2D(filters, 1, strides = stride, name = "{name}_1_conv")(x);
        let x = BatchNormalization(epsilon = EPSILON, name = "{name}_1_bn")(x);
        let x = Activation(relu, name = "{name}_1_relu")(x);
        let x = Conv2D(filters, 3, padding = same, name = "{name}_2_conv")(x);
        let x = BatchNormalization(epsilon = EPSILON, name = "{name}_2_bn")(x);
        let x = Activation(relu, name = "{name}_2_relu")(x);
        let x = Conv2D(4 * filters, 1, name = "{name}_3_conv")(x);
        let x = BatchNormalization(epsilon = EPSILON, name = "{name}_3_bn")(x);
        let x = add([shortcut, x], name = "{name}_add");
        Activation(relu, name = "{name}_out")(x)
    }

    /// ResNet with the number of blocks of each of its four stacks.
    fn resnet(image, blocks, include_top, pooling, classes, classifier_activation) {
        let x = ZeroPadding2D(3, name = "conv1_pad")(image);
        let x = Conv2D(64, 7, strides = 2, name = "conv1_conv")(x);
        let x = BatchNormalization(epsilon = EPSILON, name = "conv1_bn")(x);
        let x = Activation(relu, name = "conv1_relu")(x);
        let x = ZeroPadding2D(1, name = "pool1_pad")(x);
        let x = MaxPooling2D(3, strides = 2, name = "pool1_pool")(x);
        for (i, filters) in [64, 128, 256, 512].iter().enumerate() {
            for j in 0..blocks[i] {
                let stride = if i > 0 && j == 0 { 2 } else { 1 };
                let x = block(x, filters, stride, project = j == 0, name = "conv{i + 2}_block{j + 1}");
            }
        }
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

    /// ResNet50: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`ResNet50`](https://keras.io/api/applications/resnet/#resnet50-function)
    pub fn resnet50(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        resnet(image, [3, 4, 6, 3], include_top, pooling, classes, classifier_activation)
    }

    /// ResNet101: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`ResNet101`](https://keras.io/api/applications/resnet/#resnet101-function)
    pub fn resnet101(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        resnet(image, [3, 4, 23, 3], include_top, pooling, classes, classifier_activation)
    }

    /// ResNet152: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`ResNet152`](https://keras.io/api/applications/resnet/#resnet152-function)
    pub fn resnet152(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        resnet(image, [3, 8, 36, 3], include_top, pooling, classes, classifier_activation)
    }
}

#[cfg(feature = "resnet")]
model! {
    /// ResNet50: 50 layers of weights, 25.6 million parameters.
    ///
    /// Keras: [`ResNet50`](https://keras.io/api/applications/resnet/#resnet50-function). Its inputs are BGR images with the
    /// mean of ImageNet's channels subtracted.
    pub ResNet50 {
        use resnet50;

        let image = Input(shape = [224, 224, 3]);
        let predictions = resnet50(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
