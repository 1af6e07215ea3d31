//! MobileNetV2: narrow blocks that are widened, filtered by channel, and narrowed again.
//!
//! Paper: *MobileNetV2: Inverted Residuals and Linear Bottlenecks* (<https://arxiv.org/abs/1801.04381>).

use mimo::prelude::*;

functions! {
    /// The multiple of 8 nearest to `v`, at least 8 and not less than nine tenths of `v`.
    fn divisible(v) {
        let rounded = max(8, int(v + 4) / 8 * 8);
        if rounded < 0.9 * v { rounded + 8 } else { rounded }
    }

    /// Zeros that a convolution of stride 2 needs, to give half of the image: fewer at the top and left of even sizes.
    fn padding(x, kernel) {
        let half = kernel / 2;
        ((half - 1 + x.shape[1] % 2, half), (half - 1 + x.shape[2] % 2, half))
    }

    fn normalized(x, name) {
        BatchNormalization(epsilon = 1e-3, momentum = 0.999, name = name)(x)
    }

    /// An inverted residual block; the first one is not widened.
    fn block(inputs, filters, alpha, stride, expansion, id) {
        let channels = inputs.shape[-1];
        let narrow = divisible(int(filters * alpha));
        let prefix = if id > 0 { "block_{id}_" } else { "expanded_conv_" };
        let x = inputs;
        if id > 0 {
            let x = Conv2D(expansion * channels, 1, padding = same, use_bias = false, name = "{prefix}expand")(x);
            let x = normalized(x, "{prefix}expand_BN");
            let x = ReLU(6.0, name = "{prefix}expand_relu")(x);
        }
        if stride == 2 {
            let around = padding(x, 3);
            let x = ZeroPadding2D(around, name = "{prefix}pad")(x);
        }
        let x = DepthwiseConv2D(
            3,
            strides = stride,
            padding = if stride == 1 { same } else { valid },
            use_bias = false,
            name = "{prefix}depthwise",
        )(x);
        let x = normalized(x, "{prefix}depthwise_BN");
        let x = ReLU(6.0, name = "{prefix}depthwise_relu")(x);
        let x = Conv2D(narrow, 1, padding = same, use_bias = false, name = "{prefix}project")(x);
        let x = normalized(x, "{prefix}project_BN");
        if channels == narrow && stride == 1 {
            add([inputs, x], name = "{prefix}add")
        } else {
            x
        }
    }

    /// MobileNetV2: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`MobileNetV2`](https://keras.io/api/applications/mobilenet/#mobilenetv2-function)
    pub fn mobilenet_v2(
        image,
        alpha = 1.0,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
    ) {
        let x = Conv2D(divisible(32 * alpha), 3, strides = 2, padding = same, use_bias = false, name = "Conv1")(image);
        let x = normalized(x, "bn_Conv1");
        let x = ReLU(6.0, name = "Conv1_relu")(x);
        for (id, (filters, stride, expansion)) in [
            (16, 1, 1),
            (24, 2, 6), (24, 1, 6),
            (32, 2, 6), (32, 1, 6), (32, 1, 6),
            (64, 2, 6), (64, 1, 6), (64, 1, 6), (64, 1, 6),
            (96, 1, 6), (96, 1, 6), (96, 1, 6),
            (160, 2, 6), (160, 1, 6), (160, 1, 6),
            (320, 1, 6),
        ].iter().enumerate() {
            let x = block(x, filters, alpha, stride, expansion, id);
        }
        let last = if alpha > 1.0 { divisible(1280 * alpha) } else { 1280 };
        let x = Conv2D(last, 1, use_bias = false, name = "Conv_1")(x);
        let x = normalized(x, "Conv_1_bn");
        let x = ReLU(6.0, name = "out_relu")(x);
        if include_top {
            let x = GlobalAveragePooling2D()(x);
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

#[cfg(feature = "mobilenet_v2")]
model! {
    /// MobileNetV2: 3.5 million parameters.
    ///
    /// Keras: [`MobileNetV2`](https://keras.io/api/applications/mobilenet/#mobilenetv2-function). Its inputs are images with
    /// values from -1 to 1.
    pub MobileNetV2 {
        use mobilenet_v2;

        let image = Input(shape = [224, 224, 3]);
        let predictions = mobilenet_v2(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
