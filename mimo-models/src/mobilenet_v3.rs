//! MobileNetV3Small and MobileNetV3Large: inverted residual blocks with squeeze-and-excitation and hard activations.
//!
//! Paper: *Searching for MobileNetV3* (<https://arxiv.org/abs/1905.02244>).

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

    /// Each channel times a number from 0 to 1 that is computed of the means of all channels.
    fn squeeze_and_excite(x, ratio, prefix) {
        let channels = x.shape[-1];
        let se = GlobalAveragePooling2D(keepdims = true, name = "{prefix}squeeze_excite_avg_pool")(x);
        let se = Conv2D(divisible(ratio * channels), 1, padding = same, name = "{prefix}squeeze_excite_conv")(se);
        let se = ReLU(name = "{prefix}squeeze_excite_relu")(se);
        let se = Conv2D(channels, 1, padding = same, name = "{prefix}squeeze_excite_conv_1")(se);
        let se = ReLU(6.0)(se + 3.0) * (1.0 / 6.0);
        multiply([x, se], name = "{prefix}squeeze_excite_mul")
    }

    /// An inverted residual block; the first one is not widened.
    fn block(inputs, expansion, filters, kernel, stride, se_ratio, activation, id) {
        let channels = inputs.shape[-1];
        let prefix = if id > 0 { "expanded_conv_{id}_" } else { "expanded_conv_" };
        let x = inputs;
        if id > 0 {
            let x = Conv2D(divisible(channels * expansion), 1, padding = same, use_bias = false, name = "{prefix}expand")(x);
            let x = normalized(x, "{prefix}expand_bn");
            let x = Activation(activation)(x);
        }
        if stride == 2 {
            let around = padding(x, kernel);
            let x = ZeroPadding2D(around, name = "{prefix}depthwise_pad")(x);
        }
        let x = DepthwiseConv2D(
            kernel,
            strides = stride,
            padding = if stride == 1 { same } else { valid },
            use_bias = false,
            name = "{prefix}depthwise",
        )(x);
        let x = normalized(x, "{prefix}depthwise_bn");
        let x = Activation(activation)(x);
        if se_ratio != none {
            let x = squeeze_and_excite(x, se_ratio, prefix);
        }
        let x = Conv2D(filters, 1, padding = same, use_bias = false, name = "{prefix}project")(x);
        let x = normalized(x, "{prefix}project_bn");
        if stride == 1 && channels == filters {
            add([inputs, x], name = "{prefix}add")
        } else {
            x
        }
    }

    /// MobileNetV3 without its head, with the settings of its blocks.
    fn trunk(image, blocks, alpha, activation, include_preprocessing) {
        let x = image;
        if include_preprocessing {
            let x = Rescaling(1.0 / 127.5, offset = -1.0)(x);
        }
        let x = Conv2D(16, 3, strides = 2, padding = same, use_bias = false, name = "conv")(x);
        let x = normalized(x, "conv_bn");
        let x = Activation(activation)(x);
        for (id, (expansion, filters, kernel, stride, se_ratio, act)) in blocks.iter().enumerate() {
            let x = block(x, expansion, divisible(filters * alpha), kernel, stride, se_ratio, act, id);
        }
        let wide = divisible(6 * x.shape[-1]);
        let x = Conv2D(wide, 1, padding = same, use_bias = false, name = "conv_1")(x);
        let x = normalized(x, "conv_1_bn");
        Activation(activation)(x)
    }

    /// The head: convolutions of the means of the channels, or a pooling, or nothing.
    fn head(x, last, alpha, activation, dropout_rate, include_top, pooling, classes, classifier_activation) {
        if include_top {
            let last = if alpha > 1.0 { divisible(last * alpha) } else { last };
            let x = GlobalAveragePooling2D(keepdims = true)(x);
            let x = Conv2D(last, 1, padding = same, name = "conv_2")(x);
            let x = Activation(activation)(x);
            if dropout_rate > 0 {
                let x = Dropout(dropout_rate)(x);
            }
            let x = Conv2D(classes, 1, padding = same, name = "logits")(x);
            let x = Flatten()(x);
            Activation(classifier_activation, name = "predictions")(x)
        } else if pooling == avg {
            GlobalAveragePooling2D(name = "avg_pool")(x)
        } else if pooling == max {
            GlobalMaxPooling2D(name = "max_pool")(x)
        } else {
            x
        }
    }

    /// MobileNetV3Small: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`MobileNetV3Small`](https://keras.io/api/applications/mobilenet/#mobilenetv3small-function)
    pub fn mobilenet_v3_small(
        image,
        alpha = 1.0,
        minimalistic = false,
        include_top = true,
        pooling = none,
        classes = 1000,
        dropout_rate = 0.2,
        classifier_activation = softmax,
        include_preprocessing = true,
    ) {
        let (kernel, hard, ratio) = if minimalistic { (3, relu, none) } else { (5, hard_swish, 0.25) };
        let x = trunk(
            image,
            [
                // Expansion, filters, kernel, stride, ratio of squeeze-and-excitation, activation.
                (1, 16, 3, 2, ratio, relu),
                (72.0 / 16, 24, 3, 2, none, relu),
                (88.0 / 24, 24, 3, 1, none, relu),
                (4, 40, kernel, 2, ratio, hard),
                (6, 40, kernel, 1, ratio, hard),
                (6, 40, kernel, 1, ratio, hard),
                (3, 48, kernel, 1, ratio, hard),
                (3, 48, kernel, 1, ratio, hard),
                (6, 96, kernel, 2, ratio, hard),
                (6, 96, kernel, 1, ratio, hard),
                (6, 96, kernel, 1, ratio, hard),
            ],
            alpha,
            hard,
            include_preprocessing,
        );
        head(x, 1024, alpha, hard, dropout_rate, include_top, pooling, classes, classifier_activation)
    }

    /// MobileNetV3Large: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`MobileNetV3Large`](https://keras.io/api/applications/mobilenet/#mobilenetv3large-function)
    pub fn mobilenet_v3_large(
        image,
        alpha = 1.0,
        minimalistic = false,
        include_top = true,
        pooling = none,
        classes = 1000,
        dropout_rate = 0.2,
        classifier_activation = softmax,
        include_preprocessing = true,
    ) {
        let (kernel, hard, ratio) = if minimalistic { (3, relu, none) } else { (5, hard_swish, 0.25) };
        let x = trunk(
            image,
            [
                (1, 16, 3, 1, none, relu),
                (4, 24, 3, 2, none, relu),
                (3, 24, 3, 1, none, relu),
                (3, 40, kernel, 2, ratio, relu),
                (3, 40, kernel, 1, ratio, relu),
                (3, 40, kernel, 1, ratio, relu),
                (6, 80, 3, 2, none, hard),
                (2.5, 80, 3, 1, none, hard),
                (2.3, 80, 3, 1, none, hard),
                (2.3, 80, 3, 1, none, hard),
                (6, 112, 3, 1, ratio, hard),
                (6, 112, 3, 1, ratio, hard),
                (6, 160, kernel, 2, ratio, hard),
                (6, 160, kernel, 1, ratio, hard),
                (6, 160, kernel, 1, ratio, hard),
            ],
            alpha,
            hard,
            include_preprocessing,
        );
        head(x, 1280, alpha, hard, dropout_rate, include_top, pooling, classes, classifier_activation)
    }
}

#[cfg(feature = "mobilenet_v3")]
model! {
    /// MobileNetV3Small: 2.6 million parameters.
    ///
    /// Keras: [`MobileNetV3Small`](https://keras.io/api/applications/mobilenet/#mobilenetv3small-function). Its inputs are images
    /// with values from 0 to 255; with `include_preprocessing = false`, from -1 to 1.
    pub MobileNetV3Small {
        use mobilenet_v3_small;

        let image = Input(shape = [224, 224, 3]);
        let predictions = mobilenet_v3_small(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
