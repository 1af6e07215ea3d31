//! MobileNet: each channel is filtered by itself, then a 1×1 convolution combines them.
//!
//! Paper: *MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications*
//! (<https://arxiv.org/abs/1704.04861>).

use mimo::prelude::*;

functions! {
    /// A depthwise convolution and a 1×1 convolution, both normalized.
    fn block(x, filters, stride, depth_multiplier, id) {
        if stride == 2 {
            let x = ZeroPadding2D(((0, 1), (0, 1)), name = "conv_pad_{id}")(x);
        }
        let x = DepthwiseConv2D(
            3,
            strides = stride,
            padding = if stride == 1 { same } else { valid },
            depth_multiplier = depth_multiplier,
            use_bias = false,
            name = "conv_dw_{id}",
        )(x);
        let x = BatchNormalization(name = "conv_dw_{id}_bn")(x);
        let x = ReLU(6.0, name = "conv_dw_{id}_relu")(x);
        let x = Conv2D(filters, 1, padding = same, use_bias = false, name = "conv_pw_{id}")(x);
        let x = BatchNormalization(name = "conv_pw_{id}_bn")(x);
        ReLU(6.0, name = "conv_pw_{id}_relu")(x)
    }

    /// MobileNet: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`MobileNet`](https://keras.io/api/applications/mobilenet/#mobilenet-function)
    pub fn mobilenet(
        image,
        alpha = 1.0,
        depth_multiplier = 1,
        dropout = 0.001,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
    ) {
        let x = Conv2D(int(32 * alpha), 3, strides = 2, padding = same, use_bias = false, name = "conv1")(image);
        let x = BatchNormalization(name = "conv1_bn")(x);
        let x = ReLU(6.0, name = "conv1_relu")(x);
        for (i, (filters, stride)) in [
            (64, 1),
            (128, 2), (128, 1),
            (256, 2), (256, 1),
            (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
            (1024, 2), (1024, 1),
        ].iter().enumerate() {
            let x = block(x, int(filters * alpha), stride, depth_multiplier, id = i + 1);
        }
        if include_top {
            let x = GlobalAveragePooling2D(keepdims = true)(x);
            let x = Dropout(dropout, name = "dropout")(x);
            let x = Conv2D(classes, 1, padding = same, name = "conv_preds")(x);
            let x = Reshape([classes], name = "reshape_2")(x);
            Activation(classifier_activation, name = "predictions")(x)
        } else if pooling == avg {
            GlobalAveragePooling2D()(x)
        } else if pooling == max {
            GlobalMaxPooling2D()(x)
        } else {
            x
        }
    }
}

#[cfg(feature = "mobilenet")]
model! {
    /// MobileNet: 4.3 million parameters.
    ///
    /// Keras: [`MobileNet`](https://keras.io/api/applications/mobilenet/#mobilenet-function). Its inputs are images with values
    /// from -1 to 1.
    pub MobileNet {
        use mobilenet;

        let image = Input(shape = [224, 224, 3]);
        let predictions = mobilenet(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
