//! NASNetMobile and NASNetLarge: stacks of cells that were found by a search; a cell reads the outputs of the two before it.
//!
//! Paper: *Learning Transferable Architectures for Scalable Image Recognition* (<https://arxiv.org/abs/1707.07012>).

use mimo::prelude::*;

functions! {
    /// Zeros that a convolution of stride 2 needs, to give half of the image: fewer at the top and left of even sizes.
    fn padding(x, kernel) {
        let half = kernel / 2;
        ((half - 1 + x.shape[1] % 2, half), (half - 1 + x.shape[2] % 2, half))
    }

    fn normalized(x, name) {
        BatchNormalization(epsilon = 1e-3, momentum = 0.9997, name = name)(x)
    }

    fn conv(x, filters, name) {
        Conv2D(filters, 1, padding = same, use_bias = false, kernel_initializer = he_normal, name = name)(x)
    }

    /// Two normalized separable convolutions, the first of which may halve the image.
    fn separable(x, filters, kernel, id, stride = 1) {
        let x = Activation(relu)(x);
        if stride == 2 {
            let around = padding(x, kernel);
            let x = ZeroPadding2D(around, name = "separable_conv_1_pad_{id}")(x);
        }
        let x = SeparableConv2D(
            filters,
            kernel,
            strides = stride,
            padding = if stride == 2 { valid } else { same },
            use_bias = false,
            name = "separable_conv_1_{id}",
        )(x);
        let x = normalized(x, "separable_conv_1_bn_{id}");
        let x = Activation(relu)(x);
        let x = SeparableConv2D(filters, kernel, padding = same, use_bias = false, name = "separable_conv_2_{id}")(x);
        normalized(x, "separable_conv_2_bn_{id}")
    }

    /// The output of the cell before the last one, in the size and with the channels of this cell.
    fn adjusted(p, x, filters, id) {
        if p == none {
            x
        } else if p.shape[2] != x.shape[2] {
            let p = Activation(relu, name = "adjust_relu_1_{id}")(p);
            let a = AveragePooling2D(1, strides = 2, name = "adjust_avg_pool_1_{id}")(p);
            let a = conv(a, filters / 2, "adjust_conv_1_{id}");
            let b = ZeroPadding2D(((0, 1), (0, 1)))(p);
            let b = Cropping2D(((1, 0), (1, 0)))(b);
            let b = AveragePooling2D(1, strides = 2, name = "adjust_avg_pool_2_{id}")(b);
            let b = conv(b, filters / 2, "adjust_conv_2_{id}");
            normalized(concatenate([a, b]), "adjust_bn_{id}")
        } else if p.shape[-1] != filters {
            let p = Activation(relu)(p);
            normalized(conv(p, filters, "adjust_conv_projection_{id}"), "adjust_bn_{id}")
        } else {
            p
        }
    }

    /// A cell that keeps the size, and its input for the next one.
    fn normal_cell(x, p, filters, id) {
        let p = adjusted(p, x, filters, id);
        let h = conv(Activation(relu)(x), filters, "normal_conv_1_{id}");
        let h = normalized(h, "normal_bn_1_{id}");
        let x1 = add(
            [separable(h, filters, 5, "normal_left1_{id}"), separable(p, filters, 3, "normal_right1_{id}")],
            name = "normal_add_1_{id}",
        );
        let x2 = add(
            [separable(p, filters, 5, "normal_left2_{id}"), separable(p, filters, 3, "normal_right2_{id}")],
            name = "normal_add_2_{id}",
        );
        let x3 = AveragePooling2D(3, strides = 1, padding = same, name = "normal_left3_{id}")(h);
        let x3 = add([x3, p], name = "normal_add_3_{id}");
        let left = AveragePooling2D(3, strides = 1, padding = same, name = "normal_left4_{id}")(p);
        let right = AveragePooling2D(3, strides = 1, padding = same, name = "normal_right4_{id}")(p);
        let x4 = add([left, right], name = "normal_add_4_{id}");
        let x5 = add([separable(h, filters, 3, "normal_left5_{id}"), h], name = "normal_add_5_{id}");
        (concatenate([p, x1, x2, x3, x4, x5], name = "normal_concat_{id}"), x)
    }

    /// A cell that halves the image, and its input for the next one.
    fn reduction_cell(x, p, filters, id) {
        let p = adjusted(p, x, filters, id);
        let h = conv(Activation(relu)(x), filters, "reduction_conv_1_{id}");
        let h = normalized(h, "reduction_bn_1_{id}");
        let around = padding(h, 3);
        let padded = ZeroPadding2D(around, name = "reduction_pad_1_{id}")(h);
        let x1 = add(
            [
                separable(h, filters, 5, "reduction_left1_{id}", stride = 2),
                separable(p, filters, 7, "reduction_right1_{id}", stride = 2),
            ],
            name = "reduction_add_1_{id}",
        );
        let x2 = MaxPooling2D(3, strides = 2, name = "reduction_left2_{id}")(padded);
        let x2 = add(
            [x2, separable(p, filters, 7, "reduction_right2_{id}", stride = 2)],
            name = "reduction_add_2_{id}",
        );
        let x3 = AveragePooling2D(3, strides = 2, name = "reduction_left3_{id}")(padded);
        let x3 = add(
            [x3, separable(p, filters, 5, "reduction_right3_{id}", stride = 2)],
            name = "reduction_add3_{id}",
        );
        let x4 = AveragePooling2D(3, strides = 1, padding = same, name = "reduction_left4_{id}")(x1);
        let x4 = add([x2, x4]);
        let x5 = MaxPooling2D(3, strides = 2, name = "reduction_right5_{id}")(padded);
        let x5 = add([separable(x1, filters, 3, "reduction_left4_{id}"), x5], name = "reduction_add4_{id}");
        (concatenate([x2, x3, x4, x5], name = "reduction_concat_{id}"), x)
    }

    /// NASNet with the filters of its last cells, its cells per stage and the filters of its stem.
    fn nasnet(
        image,
        penultimate_filters,
        blocks,
        stem_filters,
        skip_reduction,
        include_top,
        pooling,
        classes,
        classifier_activation,
    ) {
        let filters = penultimate_filters / 24;
        let x = Conv2D(
            stem_filters,
            3,
            strides = 2,
            use_bias = false,
            kernel_initializer = he_normal,
            name = "stem_conv1",
        )(image);
        let x = normalized(x, "stem_bn1");
        let (x, p) = reduction_cell(x, none, filters / 4, "stem_1");
        let (x, p) = reduction_cell(x, p, filters / 2, "stem_2");
        for i in 0..blocks {
            let (x, p) = normal_cell(x, p, filters, "{i}");
        }
        for stage in 1..=2 {
            let width = if stage == 1 { 2 * filters } else { 4 * filters };
            let (x, before) = reduction_cell(x, p, width, "reduce_{stage * blocks}");
            let p = if skip_reduction { p } else { before };
            for i in 0..blocks {
                let (x, p) = normal_cell(x, p, width, "{stage * blocks + i + 1}");
            }
        }
        let x = Activation(relu)(x);
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

    /// NASNetMobile: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`NASNetMobile`](https://keras.io/api/applications/nasnet/#nasnetmobile-function)
    pub fn nasnet_mobile(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        nasnet(image, 1056, 4, 32, false, include_top, pooling, classes, classifier_activation)
    }

    /// NASNetLarge: from images `[height, width, channels]` to probabilities of classes, or to features `[rows, columns, channels]` with
    /// `include_top = false`, whose means or maxima over all positions `pooling = avg` and `pooling = max` take.
    ///
    /// Keras: [`NASNetLarge`](https://keras.io/api/applications/nasnet/#nasnetlarge-function)
    pub fn nasnet_large(image, include_top = true, pooling = none, classes = 1000, classifier_activation = softmax) {
        nasnet(image, 4032, 6, 96, true, include_top, pooling, classes, classifier_activation)
    }
}

#[cfg(feature = "nasnet")]
model! {
    /// NASNetMobile: 5.3 million parameters.
    ///
    /// Keras: [`NASNetMobile`](https://keras.io/api/applications/nasnet/#nasnetmobile-function). Its inputs are images with values
    /// from -1 to 1.
    pub NASNetMobile {
        use nasnet_mobile;

        let image = Input(shape = [224, 224, 3]);
        let predictions = nasnet_mobile(image);
        Model(inputs = [image], outputs = [predictions])
    }
}
