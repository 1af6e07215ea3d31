//! Functions of `functions!` in models: scopes, names, weights, sharing.

use mimo::prelude::*;

/// Blocks of a small residual network.
mod blocks {
    use mimo::prelude::*;

    functions! {
        const EPSILON: f32 = 0.5;
        const WIDTH: usize = 3;

        fn norm(x) { BatchNormalization(epsilon = EPSILON)(x) }

        /// One residual block.
        pub fn residual(x, filters, activation = relu) {
            let conv = Conv2D(filters, WIDTH, padding = same)(x);
            let h = Activation(activation)(norm(conv));
            add([x, h])
        }

        /// A scale of each channel.
        pub(crate) fn scale(x, dim, start = 2.0) {
            x * Weight([dim], initializer = Constant(start))
        }
    }
}

mod nets {
    use mimo::prelude::*;

    functions! {
        use super::blocks::residual as block;
        use super::blocks::scale;

        const WIDTH: usize = 4;

        /// Two blocks and a head.
        pub fn net(image, include_top = true, classes = WIDTH) {
            let h = Conv2D(WIDTH, 1)(image);
            for i in 0..2 { let h = block(h, WIDTH); }
            let features = GlobalAveragePooling2D()(h);
            Dense(classes, name = "head")(scale(features, WIDTH))
        }
    }
}

model! {
    pub Net {
        use nets::net;
        use blocks::residual;
        use blocks::scale as rescale;

        const WIDTH: usize = 2;

        fn norm(x) { Dense(WIDTH, name = "own_norm")(x) }

        let image = Input(shape = [6, 6, 4]);
        let x = residual(image, 4, activation = tanh);
        let y = net(x, classes = 5);
        let r = rescale(dim = 2);
        let z = r(r(norm(y)));
        Model(inputs = [image], outputs = [y, z]).compile(optimizer = Adam(), loss = mse)
    }
}

#[test]
fn layers_of_functions_are_those_of_the_model() -> Result<()> {
    let names: Vec<&str> = <Net as Model>::SPEC.weights.iter().map(|weight| weight.name).collect();
    assert_eq!(names, [""; 0]);
    let mut model = Net::new(1);
    assert_eq!(model.weight_1.weight.as_vec(), [2.0, 2.0]);
    let outputs = model.predict(&NetInputs { image: tensor(vec![0.5; 6 * 6 * 4])? })?;
    assert_eq!((outputs.y.as_vec().len(), outputs.z.as_vec().len()), (5, 2));
    Ok(())
}

#[test]
fn functions_of_function_bodies_are_seen_there() {
    functions! {
        pub fn twice(x, units) { let d = Dense(units); d(d(x)) }
        pub(crate) fn once(x, units) { twice(x, units) }
    }
    model! {
        Inner {
            use once;
            use self::blocks::residual as _unused;
            let x = Input(shape = [3]);
            let y = once(x, 3);
            Model(inputs = [x], outputs = [y])
        }
    }
    assert_eq!(Inner::PARAMETERS, 12);
}
