//! An `if` on known values, and the values themselves, produce the same model as the layers of the selected branches
//! written out.

use mimo::prelude::*;

model! {
    /// Residual stages, as in ResNet, EfficientNet and ConvNeXt.
    Short {
        const WIDTHS: [usize; 2] = [6, 10];
        const DEPTHS: [usize; 2] = [1, 2];
        const INCLUDE_TOP: bool = true;

        fn divisible(v, divisor = 4) {
            let new = max(divisor, int(v + divisor / 2) / divisor * divisor);
            if new < 0.9 * v { new + divisor } else { new }
        }

        fn residual(x, filters, stride = 1, activation = relu6, squeeze = none, name) {
            let shortcut = if stride != 1 || x.shape[-1] != filters {
                Conv2D(filters, 1, strides = stride, name = "{name}_0_conv")(x)
            } else {
                x
            };
            let h = Conv2D(filters, (3, 3), strides = stride, padding = same, name = "{name}_1_conv")(x);
            if squeeze != none {
                let s = GlobalAveragePooling2D(keepdims = true)(h);
                let s = Conv2D(int(squeeze * filters), 1, activation = relu)(s);
                let h = h * Conv2D(filters, 1, activation = sigmoid)(s);
            }
            if activation == none { shortcut + h } else { Activation(activation)(shortcut + h) }
        }

        fn net(x, widths, alpha = 1.0, pooling = none) {
            for (stage, width) in widths.iter().enumerate() {
                let filters = divisible(alpha * width);
                for block in 0..DEPTHS[stage] {
                    let last = stage == widths.len() - 1 && block == DEPTHS[stage] - 1;
                    let x = residual(
                        x,
                        filters,
                        stride = if block == 0 && stage > 0 { 2 } else { 1 },
                        activation = if last { none } else { relu6 },
                        squeeze = if stage == 1 { 0.25 } else { none },
                        name = "conv{stage + 1}_block{block + 1}",
                    );
                }
            }
            if pooling == avg {
                GlobalAveragePooling2D()(x)
            } else if pooling == max {
                GlobalMaxPooling2D()(x)
            } else {
                x
            }
        }

        let x = Input(shape = [6, 6, 4]);
        let y = net(x, WIDTHS, alpha = 0.9, pooling = avg);
        if INCLUDE_TOP {
            let y = Dense(3, activation = softmax)(y);
        }
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    /// The same, written out.
    Long {
        let x = Input(shape = [6, 6, 4]);

        let h = Conv2D(8, 1, name = "conv1_block1_0_conv")(x);
        let g = Conv2D(8, (3, 3), padding = same, name = "conv1_block1_1_conv")(x);
        let x1 = Activation(relu6)(h + g);

        let h = Conv2D(12, 1, strides = 2, name = "conv2_block1_0_conv")(x1);
        let g = Conv2D(12, (3, 3), strides = 2, padding = same, name = "conv2_block1_1_conv")(x1);
        let s = Conv2D(3, 1, activation = relu)(GlobalAveragePooling2D(keepdims = true)(g));
        let g = g * Conv2D(12, 1, activation = sigmoid)(s);
        let x2 = Activation(relu6)(h + g);

        let g = Conv2D(12, (3, 3), padding = same, name = "conv2_block2_1_conv")(x2);
        let s = Conv2D(3, 1, activation = relu)(GlobalAveragePooling2D(keepdims = true)(g));
        let g = g * Conv2D(12, 1, activation = sigmoid)(s);
        let x3 = x2 + g;

        let y = Dense(3, activation = softmax)(GlobalAveragePooling2D()(x3));
        Model(inputs = [x], outputs = [y])
    }
}

#[test]
fn the_chosen_sides_are_what_is_written_by_hand() -> Result<()> {
    assert_eq!(Short::PARAMETERS, Long::PARAMETERS);
    assert_eq!(Short::DEPTHS, [1, 2]);
    let (short, long) = (Short::new(3), Long::new(3));
    let xs: Vec<f32> = (0..2 * 144).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect();
    let (a, b) = (ShortInputs { x: tensor(xs.clone())? }, LongInputs { x: tensor(xs)? });
    assert_eq!(short.forward(&a)?.y.as_vec(), long.forward(&b)?.y.as_vec());
    assert!(Short::summary().contains("conv2_block2_1_conv"), "{}", Short::summary());
    Ok(())
}
