//! EfficientNetB0 to EfficientNetB7: inverted residual blocks with squeeze-and-excitation, scaled in width and depth.
//!
//! Paper: *EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks* (<https://arxiv.org/abs/1905.11946>).

use mimo::prelude::*;

functions! {
    /// A width times a coefficient: the nearest multiple of 8, not less than nine tenths of the product.
    fn round_filters(filters, width) {
        let scaled = filters * width;
        let rounded = max(8, int(scaled + 4) / 8 * 8);
        if rounded < 0.9 * scaled { rounded + 8 } else { rounded }
    }

    /// Zeros that a convolution of stride 2 needs, to give half of the image: fewer at the top and left of even sizes.
    fn padding(x, kernel) {
        let half = kernel / 2;
        ((half - 1 + x.shape[1] % 2, half), (half - 1 + x.shape[2] % 2, half))
    }

    /// A convolution as all but the depthwise ones are: with Keras's initializer of these models.
    fn conv(x, filters, name, kernel = 1, stride = 1, padding = same, activation = none, use_bias = false) {
        Conv2D(
            filters,
            kernel,
            strides = stride,
            padding = padding,
            activation = activation,
            use_bias = use_bias,
            kernel_initializer = VarianceScaling(scale = 2.0, mode = fan_out, distribution = truncated_normal),
            name = name,
        )(x)
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
    fn block(inputs, filters, kernel, stride, expansion, drop_rate, name) {
        let channels = inputs.shape[-1];
        let x = inputs;
        if expansion != 1 {
            let x = conv(x, expansion * channels, "{name}expand_conv");
            let x = BatchNormalization(name = "{name}expand_bn")(x);
            let x = Activation(swish, name = "{name}expand_activation")(x);
        }
        if stride == 2 {
            let around = padding(x, kernel);
            let x = ZeroPadding2D(around, name = "{name}dwconv_pad")(x);
        }
        let x = DepthwiseConv2D(
            kernel,
            strides = stride,
            padding = if stride == 2 { valid } else { same },
            use_bias = false,
            depthwise_initializer = VarianceScaling(scale = 2.0, mode = fan_out, distribution = truncated_normal),
            name = "{name}dwconv",
        )(x);
        let x = BatchNormalization(name = "{name}bn")(x);
        let x = Activation(swish, name = "{name}activation")(x);
        let x = squeeze_and_excite(x, max(1, int(0.25 * channels)), name);
        let x = conv(x, filters, "{name}project_conv");
        let x = BatchNormalization(name = "{name}project_bn")(x);
        if stride == 1 && channels == filters {
            if drop_rate > 0 {
                let x = Dropout(drop_rate, noise_shape = [1, 1, 1], name = "{name}drop")(x);
            }
            add([x, inputs], name = "{name}add")
        } else {
            x
        }
    }

    /// EfficientNet without its head, with the coefficients of its widths and depths.
    fn trunk(image, width, depth, drop_connect_rate) {
        let letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"];
        let stages = [
            // Kernel, repeats, filters, expansion, stride.
            (3, 1, 16, 1, 1),
            (3, 2, 24, 6, 2),
            (5, 2, 40, 6, 2),
            (3, 3, 80, 6, 2),
            (5, 3, 112, 6, 1),
            (5, 4, 192, 6, 2),
            (3, 1, 320, 6, 1),
        ];
        let blocks = 0;
        for (_, repeats, _, _, _) in stages {
            let blocks = blocks + ceil(repeats * depth);
        }
        let x = Rescaling(1.0 / 255.0)(image);
        let x = Normalization()(x);
        let around = padding(x, 3);
        let x = ZeroPadding2D(around, name = "stem_conv_pad")(x);
        let x = conv(x, round_filters(32, width), "stem_conv", kernel = 3, stride = 2, padding = valid);
        let x = BatchNormalization(name = "stem_bn")(x);
        let x = Activation(swish, name = "stem_activation")(x);
        let before = 0;
        for (i, (kernel, repeats, filters, expansion, stride)) in stages.iter().enumerate() {
            for j in 0..ceil(repeats * depth) {
                let letter = letters[j];
                let x = block(
                    x,
                    round_filters(filters, width),
                    kernel,
                    stride = if j == 0 { stride } else { 1 },
                    expansion = expansion,
                    drop_rate = drop_connect_rate * before / blocks,
                    name = "block{i + 1}{letter}_",
                );
                let before = before + 1;
            }
        }
        let x = conv(x, round_filters(1280, width), "top_conv");
        let x = BatchNormalization(name = "top_bn")(x);
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

    /// EfficientNetB0: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetB0`](https://keras.io/api/applications/efficientnet/#efficientnetb0-function)
    pub fn efficientnet_b0(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        dropout_rate = 0.2,
        drop_connect_rate = 0.2,
    ) {
        let x = trunk(image, 1.0, 1.0, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetB1: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetB1`](https://keras.io/api/applications/efficientnet/#efficientnetb1-function)
    pub fn efficientnet_b1(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        dropout_rate = 0.2,
        drop_connect_rate = 0.2,
    ) {
        let x = trunk(image, 1.0, 1.1, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetB2: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetB2`](https://keras.io/api/applications/efficientnet/#efficientnetb2-function)
    pub fn efficientnet_b2(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        dropout_rate = 0.3,
        drop_connect_rate = 0.2,
    ) {
        let x = trunk(image, 1.1, 1.2, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetB3: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetB3`](https://keras.io/api/applications/efficientnet/#efficientnetb3-function)
    pub fn efficientnet_b3(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        dropout_rate = 0.3,
        drop_connect_rate = 0.2,
    ) {
        let x = trunk(image, 1.2, 1.4, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetB4: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetB4`](https://keras.io/api/applications/efficientnet/#efficientnetb4-function)
    pub fn efficientnet_b4(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        dropout_rate = 0.4,
        drop_connect_rate = 0.2,
    ) {
        let x = trunk(image, 1.4, 1.8, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetB5: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetB5`](https://keras.io/api/applications/efficientnet/#efficientnetb5-function)
    pub fn efficientnet_b5(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        dropout_rate = 0.4,
        drop_connect_rate = 0.2,
    ) {
        let x = trunk(image, 1.6, 2.2, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetB6: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetB6`](https://keras.io/api/applications/efficientnet/#efficientnetb6-function)
    pub fn efficientnet_b6(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        dropout_rate = 0.5,
        drop_connect_rate = 0.2,
    ) {
        let x = trunk(image, 1.8, 2.6, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }

    /// EfficientNetB7: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`EfficientNetB7`](https://keras.io/api/applications/efficientnet/#efficientnetb7-function)
    pub fn efficientnet_b7(
        image,
        include_top = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        dropout_rate = 0.5,
        drop_connect_rate = 0.2,
    ) {
        let x = trunk(image, 2.0, 3.1, drop_connect_rate);
        head(x, include_top, pooling, classes, classifier_activation, dropout_rate)
    }
}

#[cfg(feature = "efficientnet")]
model! {
    /// EfficientNetB0: 5.3 million parameters.
    ///
    /// Keras: [`EfficientNetB0`](https://keras.io/api/applications/efficientnet/#efficientnetb0-function). Its inputs are
    /// images with values from 0 to 255. The mean and the variance of `normalization` are weights: Keras's files have them.
    pub EfficientNetB0 {
        use efficientnet_b0;

        let image = Input(shape = [224, 224, 3]);
        let predictions = efficientnet_b0(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
