//! ConvNeXt in five sizes: depthwise 7×7 convolutions, each followed by two dense layers of the channels.
//!
//! Paper: *A ConvNet for the 2020s* (<https://arxiv.org/abs/2201.03545>).

use mimo::prelude::*;

functions! {
    const EPSILON: f64 = 1e-6;

    /// A residual block, which is dropped for a sample with the probability `drop_rate`.
    fn block(inputs, drop_rate, layer_scale, name) {
        let channels = inputs.shape[-1];
        let x = Conv2D(channels, 7, padding = same, groups = channels, name = "{name}_depthwise_conv")(inputs);
        let x = LayerNormalization(epsilon = EPSILON, name = "{name}_layernorm")(x);
        let x = Dense(4 * channels, name = "{name}_pointwise_conv_1")(x);
        let x = Activation(gelu, name = "{name}_gelu")(x);
        let x = Dense(channels, name = "{name}_pointwise_conv_2")(x);
        if layer_scale != none {
            let x = x * Weight([channels], initializer = Constant(layer_scale), name = "{name}_layer_scale");
        }
        if drop_rate > 0 {
            let x = Dropout(drop_rate, noise_shape = [1, 1, 1], name = "{name}_stochastic_depth")(x);
        }
        inputs + x
    }

    /// ConvNeXt without its head, with the number of blocks and the channels of each of its four stages.
    fn trunk(image, depths, channels, name, include_preprocessing, drop_path_rate, layer_scale) {
        let x = image;
        if include_preprocessing && x.shape[-1] == 3 {
            let x = Normalization(
                mean = [0.485 * 255, 0.456 * 255, 0.406 * 255],
                variance = [square(0.229 * 255), square(0.224 * 255), square(0.225 * 255)],
                name = "{name}_prestem_normalization",
            )(x);
        }
        let blocks = depths[0] + depths[1] + depths[2] + depths[3];
        let before = 0;
        for (i, depth) in depths.iter().enumerate() {
            if i == 0 {
                let x = Conv2D(channels[0], 4, strides = 4, name = "{name}_stem_conv")(x);
                let x = LayerNormalization(epsilon = EPSILON, name = "{name}_stem_layernorm")(x);
            } else {
                let x = LayerNormalization(epsilon = EPSILON, name = "{name}_downsampling_layernorm_{i - 1}")(x);
                let x = Conv2D(channels[i], 2, strides = 2, name = "{name}_downsampling_conv_{i - 1}")(x);
            }
            for j in 0..depth {
                let drop_rate = drop_path_rate * before / (blocks - 1);
                let x = block(x, drop_rate, layer_scale, "{name}_stage_{i}_block_{j}");
                let before = before + 1;
            }
        }
        x
    }

    /// The head: means of the channels and a dense layer, or a pooling, or nothing; normalized.
    fn head(x, name, include_top, pooling, classes, classifier_activation) {
        if include_top {
            let x = GlobalAveragePooling2D(name = "{name}_head_gap")(x);
            let x = LayerNormalization(epsilon = EPSILON, name = "{name}_head_layernorm")(x);
            Dense(classes, activation = classifier_activation, name = "{name}_head_dense")(x)
        } else {
            if pooling == avg {
                let x = GlobalAveragePooling2D()(x);
            } else if pooling == max {
                let x = GlobalMaxPooling2D()(x);
            }
            LayerNormalization(epsilon = EPSILON, name = "layer_normalization")(x)
        }
    }

    /// ConvNeXtTiny: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`ConvNeXtTiny`](https://keras.io/api/applications/convnext/#convnexttiny-function)
    pub fn convnext_tiny(
        image,
        include_top = true,
        include_preprocessing = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        drop_path_rate = 0.0,
        layer_scale = 1e-6,
    ) {
        let x = trunk(
            image,
            [3, 3, 9, 3],
            [96, 192, 384, 768],
            "convnext_tiny",
            include_preprocessing,
            drop_path_rate,
            layer_scale,
        );
        head(x, "convnext_tiny", include_top, pooling, classes, classifier_activation)
    }

    /// ConvNeXtSmall: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`ConvNeXtSmall`](https://keras.io/api/applications/convnext/#convnextsmall-function)
    pub fn convnext_small(
        image,
        include_top = true,
        include_preprocessing = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        drop_path_rate = 0.0,
        layer_scale = 1e-6,
    ) {
        let x = trunk(
            image,
            [3, 3, 27, 3],
            [96, 192, 384, 768],
            "convnext_small",
            include_preprocessing,
            drop_path_rate,
            layer_scale,
        );
        head(x, "convnext_small", include_top, pooling, classes, classifier_activation)
    }

    /// ConvNeXtBase: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`ConvNeXtBase`](https://keras.io/api/applications/convnext/#convnextbase-function)
    pub fn convnext_base(
        image,
        include_top = true,
        include_preprocessing = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        drop_path_rate = 0.0,
        layer_scale = 1e-6,
    ) {
        let x = trunk(
            image,
            [3, 3, 27, 3],
            [128, 256, 512, 1024],
            "convnext_base",
            include_preprocessing,
            drop_path_rate,
            layer_scale,
        );
        head(x, "convnext_base", include_top, pooling, classes, classifier_activation)
    }

    /// ConvNeXtLarge: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`ConvNeXtLarge`](https://keras.io/api/applications/convnext/#convnextlarge-function)
    pub fn convnext_large(
        image,
        include_top = true,
        include_preprocessing = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        drop_path_rate = 0.0,
        layer_scale = 1e-6,
    ) {
        let x = trunk(
            image,
            [3, 3, 27, 3],
            [192, 384, 768, 1536],
            "convnext_large",
            include_preprocessing,
            drop_path_rate,
            layer_scale,
        );
        head(x, "convnext_large", include_top, pooling, classes, classifier_activation)
    }

    /// ConvNeXtXLarge: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`ConvNeXtXLarge`](https://keras.io/api/applications/convnext/#convnextxlarge-function)
    pub fn convnext_xlarge(
        image,
        include_top = true,
        include_preprocessing = true,
        pooling = none,
        classes = 1000,
        classifier_activation = softmax,
        drop_path_rate = 0.0,
        layer_scale = 1e-6,
    ) {
        let x = trunk(
            image,
            [3, 3, 27, 3],
            [256, 512, 1024, 2048],
            "convnext_xlarge",
            include_preprocessing,
            drop_path_rate,
            layer_scale,
        );
        head(x, "convnext_xlarge", include_top, pooling, classes, classifier_activation)
    }
}

#[cfg(feature = "convnext")]
model! {
    /// ConvNeXtTiny: 28.6 million parameters.
    ///
    /// Keras: [`ConvNeXtTiny`](https://keras.io/api/applications/convnext/#convnexttiny-function). Its inputs are images with
    /// values from 0 to 255.
    pub ConvNeXtTiny {
        use convnext_tiny;

        let image = Input(shape = [224, 224, 3]);
        let predictions = convnext_tiny(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
