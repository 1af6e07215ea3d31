//! EfficientNetV2B0 to EfficientNetV2B3, EfficientNetV2S, EfficientNetV2M and EfficientNetV2L: inverted residual blocks, the
//! first stages of which have one full convolution in place of a depthwise and a 1×1 convolution.
//!
//! Paper: *EfficientNetV2: Smaller Models and Faster Training* (<https://arxiv.org/abs/2104.00298>).

use mimo::prelude::*;

functions! {
    /// A width times a coefficient: the nearest multiple of 8.
    fn round_filters(filters, width) {
        max(8, int(filters * width + 4) / 8 * 8)
    }

    fn conv(x, filters, name, kernel = 1, stride = 1, activation = none, use_bias = false) {
        Conv2D(
            filters,
            kernel,
            strides = stride,
            padding = same,
            activation = activation,
            use_bias = use_bias,
            kernel_initializer = VarianceScaling(scale = 2.0, mode = fan_out, distribution = truncated_normal),
            name = name,
        )(x)
    }

    fn normalized(x, name) {
        BatchNormalization(momentum = 0.9, name = name)(x)
    }

    /// Each channel times a number from 0 to 1 that is computed of the means of all channels.
    fn squeeze_and_excite(x, units, name) {
        let channels = x.shape[-1];
        let se = GlobalAveragePooling2D(name = "{name}se_squeeze")(x);
        let se = Reshape((1, 1, channels), name = "{name}se_reshape")(se);
        let se = conv(se, units, "{name}se_reduce", activation = swish, use_bias = true);
        let se = conv(se, channels, "{name}se_expand", activation = sigmoid, use_bias = true);
        multiply([x, se], name = "{name}se_excite")
    }

    /// An inverted residual block, which is dropped for a sample with the probability `drop_rate`.
    fn block(inputs, filters, kernel, stride, expansion, se_ratio, fused, drop_rate, name) {
        let channels = inputs.shape[-1];
        let x = inputs;
        if expansion != 1 {
            let x = if fused {
                conv(x, expansion * channels, "{name}expand_conv", kernel = kernel, stride = stride)
            } else {
                conv(x, expansion * channels, "{name}expand_conv")
            };
            let x = normalized(x, "{name}expand_bn");
            let x = Activation(swish, name = "{name}expand_activation")(x);
        }
        if !fused {
            let x = DepthwiseConv2D(
                kernel,
                strides = stride,
                padding = same,
                use_bias = false,
                depthwise_initializer = VarianceScaling(scale = 2.0, mode = fan_out, distribution = truncated_normal),
                name = "{name}dwconv2",
            )(x);
            let x = normalized(x, "{name}bn");
            let x = Activation(swish, name = "{name}activation")(x);
        }
        if se_ratio > 0 {
            let x = squeeze_and_excite(x, max(1, int(channels * se_ratio)), name);
        }
        // A fused block that is not widened has one convolution only.
        let x = if fused && expansion == 1 {
            conv(x, filters, "{name}project_conv", kernel = kernel, stride = stride)
        } else {
            conv(x, filters, "{name}project_conv")
        };
        let x = normalized(x, "{name}project_bn");
        if fused && expansion == 1 {
            let x = Activation(swish, name = "{name}project_activation")(x);
        }
        if stride == 1 && channels == filters {
            if drop_rate > 0 {
                let x = Dropout(drop_rate, noise_shape = [1, 1, 1], name = "{name}drop")(x);
            }
            add([x, inputs], name = "{name}add")
        } else {
            x
        }
    }

    /// EfficientNetV2 without its head: width of the stem, stages, coefficients of widths and depths. The statistics of
    /// ImageNet's channels normalize the images of the models B0 to B3.
    fn trunk(image, stem, stages, width, depth, image_net_statistics, include_preprocessing, drop_connect_rate) {
        let letters = [
            "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
            "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z",
        ];
        let blocks = 0;
        for (_, repeats, _, _, _, _) in stages {
            let blocks = blocks + repeats;
        }
        let x = image;
        if include_preprocessing {
            if image_net_statistics && x.shape[-1] == 3 {
                let x = Rescaling(1.0 / 255)(x);
                let x = Normalization(
                    mean = [0.485, 0.456, 0.406],
                    variance = [square(0.229), square(0.224), square(0.225)],
                )(x);
            } else {
                let x = Rescaling(1.0 / 128.0, offset = -1.0)(x);
            }
        }
        let x = conv(x, round_filters(stem, width), "stem_conv", kernel = 3, stride = 2);
        let x = normalized(x, "stem_bn");
        let x = Activation(swish, name = "stem_activation")(x);
        let before = 0;
        for (i, (kernel, repeats, filters, expansion, se_ratio, stride)) in stages.iter().enumerate() {
            for j in 0..ceil(repeats * depth) {
                let letter = letters[j];
                let x = block(
                    x,
                    round_filters(filters, width),
                    kernel,
                    stride = if j == 0 { stride } else { 1 },
                    expansion = expansion,
                    se_ratio = se_ratio,
                    fused = se_ratio == 0,
                    drop_rate = drop_connect_rate * before / blocks,
                    name = "block{i + 1}{letter}_",
                );
                let before = before + 1;
            }
        }
        let x = conv(x, round_filters(1280, width), "top_conv");
        let x = normalized(x, "top_bn");
        Activation(swish, name = "top_activation")(x)
    }

    /// The head: means of the channels and a dense layer, or a pooling, or nothing.
    fn head(x, include_top, pooling, classes, classifier_activation, dropout_rate) {
        if include_top {
            let x = GlobalAveragePooling2D(name = "avg_pool")(x);
            if dropout_rate > 0 {
                let x = Dropout(dropout_rate, name = "top_dropout")(x);
            }
            Dense(
                classes,
                activation = classifier_activation,
                kernel_initializer = VarianceScaling(scale = 1.0 / 3.0, mode = fan_out, distribution = uniform),
                name = "predictions",
            )(x)
        } else if pooling == avg {
            GlobalAveragePooling2D(name = "avg_pool")(x)
        } else if pooling == max {
            GlobalMaxPooling2D(name = "max_pool")(x)
        } else {
            x
        }
    }

    /// The stages of EfficientNetV2B0 to EfficientNetV2B3.
    fn small_trunk(image, width, depth, include_preprocessing, drop_connect_rate) {
        let stages = [
            // Kernel, repeats, filters, expansion, ratio of squeeze-and-excitation, stride.
            (3, 1, 16, 1, 0, 1),
            (3, 2, 32, 4, 0, 2),
            (3, 2, 48, 4, 0, 2),
            (3, 3, 96, 4, 0.25, 2),
            (3, 5, 112, 6, 0.25, 1),
            (3, 8, 192, 6, 0.25, 2),
        ];
        trunk(image, 32, stages, width, depth, true, include_preprocessing, drop_connect_rate)
    }

    /// EfficientNetV2B0: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetV2B0`](https://keras.io/api/applications/efficientnet_v2/#efficientnetv2b0-function)
    pub fn efficientnet_v2_b0(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        include_preprocessing = true,
        dropout_rate = 0.2,
        drop_connect_rate = 0.2,
    ) {
        let x = small_trunk(image, 1.0, 1.0, include_preprocessing, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetV2B1: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetV2B1`](https://keras.io/api/applications/efficientnet_v2/#efficientnetv2b1-function)
    pub fn efficientnet_v2_b1(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        include_preprocessing = true,
        dropout_rate = 0.2,
        drop_connect_rate = 0.2,
    ) {
        let x = small_trunk(image, 1.0, 1.1, include_preprocessing, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetV2B2: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetV2B2`](https://keras.io/api/applications/efficientnet_v2/#efficientnetv2b2-function)
    pub fn efficientnet_v2_b2(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        include_preprocessing = true,
        dropout_rate = 0.2,
        drop_connect_rate = 0.2,
    ) {
        let x = small_trunk(image, 1.1, 1.2, include_preprocessing, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetV2B3: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetV2B3`](https://keras.io/api/applications/efficientnet_v2/#efficientnetv2b3-function)
    pub fn efficientnet_v2_b3(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        include_preprocessing = true,
        dropout_rate = 0.2,
        drop_connect_rate = 0.2,
    ) {
        let x = small_trunk(image, 1.2, 1.4, include_preprocessing, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetV2S: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetV2S`](https://keras.io/api/applications/efficientnet_v2/#efficientnetv2s-function)
    pub fn efficientnet_v2_s(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        include_preprocessing = true,
        dropout_rate = 0.2,
        drop_connect_rate = 0.2,
    ) {
        let stages = [
            (3, 2, 24, 1, 0, 1),
            (3, 4, 48, 4, 0, 2),
            (3, 4, 64, 4, 0, 2),
            (3, 6, 128, 4, 0.25, 2),
            (3, 9, 160, 6, 0.25, 1),
            (3, 15, 256, 6, 0.25, 2),
        ];
        let x = trunk(image, 24, stages, 1.0, 1.0, false, include_preprocessing, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetV2M: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetV2M`](https://keras.io/api/applications/efficientnet_v2/#efficientnetv2m-function)
    pub fn efficientnet_v2_m(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        include_preprocessing = true,
        dropout_rate = 0.2,
        drop_connect_rate = 0.2,
    ) {
        let stages = [
            (3, 3, 24, 1, 0, 1),
            (3, 5, 48, 4, 0, 2),
            (3, 5, 80, 4, 0, 2),
            (3, 7, 160, 4, 0.25, 2),
            (3, 14, 176, 6, 0.25, 1),
            (3, 18, 304, 6, 0.25, 2),
            (3, 5, 512, 6, 0.25, 1),
        ];
        let x = trunk(image, 24, stages, 1.0, 1.0, false, include_preprocessing, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetV2L: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetV2L`](https://keras.io/api/applications/efficientnet_v2/#efficientnetv2l-function)
    pub fn efficientnet_v2_l(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        include_preprocessing = true,
        dropout_rate = 0.2,
        drop_connect_rate = 0.2,
    ) {
        let stages = [
            (3, 4, 32, 1, 0, 1),
            (3, 7, 64, 4, 0, 2),
            (3, 7, 96, 4, 0, 2),
            (3, 10, 192, 4, 0.25, 2),
            (3, 19, 224, 6, 0.25, 1),
            (3, 25, 384, 6, 0.25, 2),
            (3, 7, 640, 6, 0.25, 1),
        ];
        let x = trunk(image, 32, stages, 1.0, 1.0, false, include_preprocessing, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }
}

#[cfg(feature = "efficientnet_v2")]
model! {
    /// EfficientNetV2B0: 7.2 million parameters.
    ///
    /// Keras: [`EfficientNetV2B0`](https://keras.io/api/applications/efficientnet_v2/#efficientnetv2b0-function). Its inputs are
    /// images with values from 0 to 255.
    pub EfficientNetV2B0 {
        use efficientnet_v2_b0;

        let image = Input(shape = [224, 224, 3]);
        let predictions = efficientnet_v2_b0(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
