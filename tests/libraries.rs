//! Functions of `functions!` in models: scopes, names, weights, sharing.

mod support;

use mimo::prelude::*;
use support::{Check, check_gradients};

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

model! {
    /// The same in one block.
    pub Own {
        fn residual(x, filters, activation = relu) {
            let conv = Conv2D(filters, 3, padding = same)(x);
            let h = Activation(activation)(BatchNormalization(epsilon = 0.5)(conv));
            add([x, h])
        }
        fn rescale(x, dim, start = 2.0) { x * Weight([dim], initializer = Constant(start)) }
        fn net(image, classes) {
            let h = Conv2D(4, 1)(image);
            for i in 0..2 { let h = residual(h, 4); }
            let features = GlobalAveragePooling2D()(h);
            Dense(classes, name = "head")(rescale(features, 4))
        }
        fn norm(x) { Dense(2, name = "own_norm")(x) }

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
    let own: Vec<&str> = <Own as Model>::SPEC.weights.iter().map(|weight| weight.name).collect();
    assert_eq!(names, own);
    let settings = |graph: &mimo::graph::spec::GraphSpec| format!("{:?}", graph.layers);
    assert_eq!(settings(<Net as Model>::GRAPH).replace("Net", "Own"), settings(<Own as Model>::GRAPH));
    let model = Net::new(1);
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

model! {
    pub Encoder {
        let x = Input(shape = [4]);
        let h = LayerNormalization()(x);
        let code = Dense(2, activation = tanh)(h);
        Model(inputs = [x], outputs = [code])
    }
}

model! {
    pub Twice {
        use Encoder;
        let x = Input(shape = [4]);
        let h = Dense(4)(x);
        let y = Encoder()(h) + Dense(2)(h);
        Model(inputs = [x], outputs = [y])
    }
}

mod models {
    use mimo::prelude::*;

    functions! {
        use super::Encoder as Code;
        use super::Twice;

        /// Models are layers in functions too.
        pub fn encoded(x, units) {
            let code = Code(name = "code");
            Dense(units)(code(x) + code(-x) + Twice()(x))
        }
    }
}

model! {
    pub Encoded {
        use models::encoded;
        use Encoder;

        let x = Input(shape = [4]);
        let y = encoded(x, 3);
        let z = Encoder()(x);
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.0), loss = mse)
    }
}

model! {
    pub Around {
        use Encoded;

        let x = Input(shape = [4]);
        let (a, b) = Encoded()(x);
        let y = concatenate([a, b]);
        Model(inputs = [x], outputs = { y: y }).compile(optimizer = SGD(0.0), loss = mse)
    }
}

#[test]
fn models_of_functions_are_parts_of_the_model() {
    let names: Vec<&str> = <Encoded as Model>::SPEC.weights.iter().map(|weight| weight.name).collect();
    let kernels: Vec<&str> = names.into_iter().filter(|name| name.ends_with("/kernel")).collect();
    assert_eq!(
        kernels,
        [
            "code/code/kernel",
            "twice/dense/kernel",
            "twice/encoder/code/kernel",
            "twice/dense_1/kernel",
            "y/kernel",
            "encoder/code/kernel",
        ]
    );
    let mut model = Encoded::new(3);
    model.encoder = Encoder::new(1);
    assert_eq!(model.code.code.kernel.as_vec().len(), 8);
    check_gradients(&mut Encoded::<f64>::build(1), Check::default());
    check_gradients(&mut Around::<f64>::build(1), Check::default());
}
