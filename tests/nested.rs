//! Nested models: their computation, the owner of their weights, and where they may be defined.

// Exported models of a crate are exported here too.
#![allow(unreachable_pub)]

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Model, Trainer, model};
use support::{Check, Data, check_gradients, check_gradients_on, randomize, step};

/// Lengths that only const evaluation knows.
mod config {
    pub(crate) const UNITS: usize = 5;
    pub(crate) const SIDE: usize = 6;
}

/// A module before the models that it uses.
mod first {
    use super::{Model, model};

    model! {
        pub(crate) Early {
            use super::last::Late as Base;

            let x = Input(shape = [4]);
            let h = Base()(x);
            let y = Dense(2)(h);
            Model(inputs = [x], outputs = [y])
        }
    }

    #[test]
    fn macros_need_not_stand_before_their_use() {
        let names: Vec<&str> = <Early>::SPEC.weights.iter().map(|weight| weight.name).collect();
        assert_eq!(names, ["base/dense/kernel", "base/y/kernel", "base/y/bias", "y/kernel", "y/bias"]);
    }
}

mod last {
    use super::model;

    model! {
        pub(crate) Late {
            const WIDE: usize = super::config::UNITS + 1;
            let x = Input(shape = [4]);
            let h = Dense(WIDE, use_bias = false, activation = tanh)(x);
            let y = Dense(3)(h);
            Model(inputs = [x], outputs = [y])
        }
    }
}

model! {
    Encoder {
        const UNITS: usize = config::UNITS;
        let image = Input(shape = [config::SIDE, config::SIDE, 1]);
        let x = Conv2D(3, 3, activation = relu)(image);
        let x = MaxPooling2D(2)(x);
        let x = Flatten()(x);
        let features = Dense(UNITS, activation = tanh)(x);
        Model(inputs = [image], outputs = [features])
    }
}

model! {
    Siamese {
        use Encoder;

        let left = Input(shape = [6, 6, 1]);
        let right = Input(shape = [6, 6, 1]);
        let encode = Encoder();
        let a: [5] = encode(left);
        let b = encode(right);
        let distance = subtract([a, b]);
        let same = Dense(1, activation = sigmoid)(distance);
        Model(inputs = [left, right], outputs = [same])
            .compile(optimizer = Adam(0.01), loss = binary_crossentropy)
    }
}

model! {
    /// The same without a nested model.
    Flat {
        let left = Input(shape = [6, 6, 1]);
        let right = Input(shape = [6, 6, 1]);
        let conv = Conv2D(3, 3, activation = relu);
        let features = Dense(5, activation = tanh);
        let a = features(Flatten()(MaxPooling2D(2)(conv(left))));
        let b = features(Flatten()(MaxPooling2D(2)(conv(right))));
        let distance = subtract([a, b]);
        let same = Dense(1, activation = sigmoid)(distance);
        Model(inputs = [left, right], outputs = [same])
            .compile(optimizer = Adam(0.01), loss = binary_crossentropy)
    }
}

type Image = Tensor<(usize, Const<6>, Const<6>, Const<1>), f32, Cpu>;

fn image(seed: u64, rows: usize) -> Image {
    let value = |i: usize| ((i as u64 * 7919 + seed * 104_729) % 997) as f32 / 997.0 - 0.5;
    Cpu::default().tensor_from_vec((0..rows * 36).map(value).collect(), (rows, Const, Const, Const))
}

fn weights<M: Model<Float = f32>>(model: &M) -> Vec<Vec<f32>> {
    let mut weights = vec![];
    model.read_weights(&mut |_, values| weights.push(values));
    weights
}

#[test]
fn what_is_nested_computes_what_it_computes_alone() {
    let siamese = Siamese::new(3);
    let (left, right) = (image(1, 4), image(2, 4));
    let found =
        siamese.forward(&SiameseInputs { left: left.clone(), right: right.clone() }).expect("outputs");
    let encoder: Encoder = siamese.encoder.clone();
    let a = encoder.forward(&EncoderInputs { image: left }).expect("features").features;
    let b = encoder.forward(&EncoderInputs { image: right }).expect("features").features;
    let logits = (a - b).matmul(siamese.same.kernel.clone());
    let by_hand = logits.as_vec().into_iter().map(|logit| {
        let bias = siamese.same.bias.as_vec()[0];
        1.0 / (1.0 + (-(logit + bias)).exp())
    });
    for (found, wanted) in found.same.as_vec().into_iter().zip(by_hand) {
        assert!((found - wanted).abs() < 1e-6, "{found} is not {wanted}");
    }
}

#[test]
fn it_trains_as_the_same_model_without_one_in_it() {
    let (mut nested, mut flat) = (Siamese::new(1), Flat::new(2));
    let start = weights(&nested);
    flat.write_weights(&mut |index, to| to.copy_from_slice(&start[index]));
    let data = Data::random::<Siamese>(9, 7);
    let mut logs = vec![];
    {
        let mut trainer = Trainer::new(&mut nested).expect("a trainer");
        logs.extend((0..3).map(|_| step(&mut trainer, &data).expect("a step")));
    }
    {
        let mut trainer = Trainer::new(&mut flat).expect("a trainer");
        for logs in logs {
            assert_eq!(logs, step(&mut trainer, &data).expect("a step"));
        }
    }
    assert_eq!(weights(&nested), weights(&flat));
    assert_ne!(weights(&nested), start);
}

#[test]
fn weights_are_nested_and_named_by_their_path() {
    let names: Vec<&str> = <Siamese>::SPEC.weights.iter().map(|weight| weight.name).collect();
    let wanted = [
        "encoder/conv2d/kernel",
        "encoder/conv2d/bias",
        "encoder/features/kernel",
        "encoder/features/bias",
        "same/kernel",
        "same/bias",
    ];
    assert_eq!(names, wanted);
    assert_eq!(Siamese::PARAMETERS, Encoder::PARAMETERS + 6);
    assert_eq!(Siamese::new(1).num_trainable_params(), Siamese::PARAMETERS);
    for text in [Siamese::summary(), Siamese::dot(), Siamese::mermaid()] {
        assert!(text.contains("encoder/conv2d"), "{text}");
    }
}

#[test]
fn a_trained_model_moves_in_and_out() {
    let trained = Encoder::new(11);
    let mut siamese = Siamese::new(1);
    let before = weights(&siamese);
    siamese.encoder = trained.clone();
    assert_ne!(weights(&siamese), before);
    assert_eq!(weights(&siamese)[..4], weights(&trained));
    let out: Encoder = siamese.encoder;
    let inputs = EncoderInputs { image: image(5, 2) };
    let (a, b) = (out.forward(&inputs).expect("features"), trained.forward(&inputs).expect("features"));
    assert_eq!(a.features.as_vec(), b.features.as_vec());
}

#[test]
fn weights_go_through_a_file() {
    let (saved, mut loaded) = (Siamese::new(1), Siamese::new(2));
    let bytes = mimo::file::to_bytes(&saved).expect("a file");
    mimo::file::from_bytes(&mut loaded, &bytes).expect("weights");
    assert_eq!(weights(&saved), weights(&loaded));
    // The names show whose weights they are.
    let error = mimo::file::from_bytes(&mut Flat::new(1), &bytes).expect_err("other names");
    assert!(error.to_string().contains("encoder/conv2d"), "{error}");
}

model! {
    /// Two of one model, one of which is frozen.
    Transfer {
        use Encoder;

        let image = Input(shape = [6, 6, 1]);
        let kept = Encoder(name = "kept", trainable = false)(image);
        let learned = Encoder()(image);
        let y = Dense(2)(concatenate([kept, learned]));
        Model(inputs = [image], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
    }
}

#[test]
fn what_is_not_trainable_stays_and_the_other_learns() {
    let mut model = Transfer::new(1);
    let (kept, learned) = (weights(&model.kept), weights(&model.encoder));
    assert_ne!(kept, learned, "two of one model have weights of their own");
    let data = Data::random::<Transfer>(4, 1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    step(&mut trainer, &data).expect("a step");
    drop(trainer);
    assert_eq!(weights(&model.kept), kept);
    assert!(weights(&model.encoder).iter().zip(&learned).all(|(now, before)| now != before));
    let trained = <Transfer>::SPEC.weights.iter().filter(|weight| weight.trainable).count();
    assert_eq!((trained, <Transfer>::SPEC.weights.len()), (6, 10));
    assert_eq!(model.num_trainable_params(), Transfer::PARAMETERS - Encoder::PARAMETERS);
}

model! {
    /// Several inputs and outputs, in another order, one of which may be unused.
    Several {
        let b = Input(shape = [3]);
        let words = Input(shape = [2], dtype = "int32");
        let a = Input(shape = [4]);
        let h = Dense(3, activation = tanh)(a);
        let seen = Flatten()(Embedding(7, 3)(words));
        let sum = add([h, b]);
        let y = Dense(2, activation = silu)(concatenate([sum, seen]));
        let z = Dense(4)(y);
        let deep = Dense(2)(z);
        Model(inputs = [a, words, b], outputs = { first: y, second: z, third: deep })
            .compile(optimizer = Adam(), loss = mse)
    }
}

model! {
    /// A doubly nested model; layers with several outputs; an output that only the nested model has.
    Deep {
        use Several as Inner;
        use Middle;

        let a = Input(shape = [4]);
        let b = Input(shape = [3]);
        let words = Input(shape = [2], dtype = "int32");
        let inner = Inner(name = "inside");
        let (first, second, _) = inner([a, words, b]);
        let (again, _, _) = inner(second, words, b);
        let (p, q) = Middle()(second);
        let y = Dense(1)(concatenate([first, again, p]));
        let z = Dense(2, activation = softmax)(q);
        Model(inputs = [a, b, words], outputs = [y, z])
            .compile(optimizer = SGD(0.0), loss = { y: mse, z: categorical_crossentropy })
    }
}

model! {
    Middle {
        use last::Late;

        let x = Input(shape = [4]);
        let late = Late();
        let once = late(x);
        let steps = RepeatVector(3)(once);
        let (_, h, _) = Bidirectional(GRU(2, return_state = true))(steps);
        let p = Dense(2, activation = tanh)(h);
        let q = Dense(3)(late(Dense(4)(once)));
        Model(inputs = { q: x }, outputs = [p, q])
    }
}

/// One test per model.
macro_rules! gradients {
    ($($test:ident $model:ident;)+) => {$(
        #[test]
        fn $test() {
            check_gradients(&mut $model::<f64>::build(1), Check { rows: 4, ..Check::default() });
        }
    )+};
}

#[test]
fn gradients_of_models_in_models() {
    let mut model = Deep::<f64>::build(1);
    randomize(&mut model, 5);
    let mut data = Data::random::<Deep<f64>>(4, 2);
    data.inputs[2] = (0..8).map(|at| f64::from(at * 5 % 7)).collect();
    check_gradients_on(&mut model, &data, Check::default());
}

gradients! {
    gradients_of_shared_weights Siamese;
}

model! {
    /// Gradients of trained weights together with frozen ones.
    Frozen {
        use Encoder;

        let image = Input(shape = [6, 6, 1]);
        let x = Conv2D(1, 3, padding = same)(image);
        let kept = Encoder(trainable = false)(x);
        let y = Dense(2)(kept);
        Model(inputs = [image], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
}

gradients! {
    gradients_go_through_a_model_that_is_not_trained Frozen;
}

#[test]
fn a_model_in_a_model_has_all_of_its_weights() {
    let mut deep = Deep::<f64>::build(1);
    randomize(&mut deep, 3);
    let inside: Several<f64> = deep.inside;
    let late: last::Late<f64> = deep.middle.late;
    assert_eq!(inside.third.kernel.shape().concrete(), [4, 2]);
    assert_eq!(late.dense.kernel.shape().concrete(), [4, 6]);
    let names: Vec<&str> = <Deep>::SPEC.weights.iter().map(|weight| weight.name).collect();
    assert!(names.contains(&"middle/late/y/bias"), "{names:?}");
    assert!(names.contains(&"inside/third/kernel"), "{names:?}");
}

/// A visible model around a private one.
mod visible {
    use super::model;

    model! {
        Hidden {
            let x = Input(shape = [2]);
            let y = Dense(3)(x);
            Model(inputs = [x], outputs = [y])
        }
    }

    model! {
        pub(crate) Visible {
            use Hidden;
            let x = Input(shape = [2]);
            let h = Dense(2, name = "a_layer")(x);
            let y = Dense(2)(Hidden()(h));
            Model(inputs = [x], outputs = [y])
        }
    }
}

model! {
    Around {
        use visible::Visible;
        let x = Input(shape = [2]);
        let y = Visible()(x);
        Model(inputs = [x], outputs = { y: y }).compile(optimizer = SGD(0.1), loss = mse)
    }
}

#[test]
fn what_a_nested_model_nests_need_not_be_visible() {
    let mut around = Around::<f64>::build(1);
    let names: Vec<&str> = <Around>::SPEC.weights.iter().map(|weight| weight.name).collect();
    assert_eq!(
        names,
        [
            "visible/a_layer/kernel",
            "visible/a_layer/bias",
            "visible/hidden/y/kernel",
            "visible/hidden/y/bias",
            "visible/y/kernel",
            "visible/y/bias",
        ]
    );
    check_gradients(&mut around, Check::default());
}

/// A macro that generates models, each of which is exported under its own name.
macro_rules! twice {
    ($($module:ident),+) => {$(
        mod $module {
            mimo::model! {
                pub Inner {
                    let x = Input(shape = [2]);
                    let y = Dense(3)(x);
                    Model(inputs = [x], outputs = [y])
                }
            }
        }
    )+};
}

twice!(one, other);

#[test]
fn models_of_functions_are_layers_there() {
    model! {
        pub Inner {
            let x = Input(shape = [3]);
            let y = Dense(2)(x);
            Model(inputs = [x], outputs = [y])
        }
    }
    model! {
        Outer {
            use Inner;
            use crate::one::Inner as One;
            use other::Inner as Other;

            let x = Input(shape = [2]);
            let a = Inner()(One()(x));
            let b = Inner()(Other()(x));
            let y = a * b;
            Model(inputs = [x], outputs = [y])
        }
    }
    let names: Vec<&str> = <Outer>::SPEC.layers.iter().map(|layer| layer.name).collect();
    assert_eq!(names, ["x", "one/y", "inner/y", "other/y", "inner_1/y", "y"]);
}

model! {
    /// Bodies of functions and loops create models, and call models passed to them.
    Written {
        use visible::Visible as Step;

        fn twice(step, x) {
            step(step(Dense(2, activation = tanh)(x)))
        }

        let x = Input(shape = [2]);
        let shared = Step();
        let y = twice(shared, x);
        for i in 0..2 {
            let own = Step(name = "own_{i}");
            let y = twice(own, Dense(2)(y));
        }
        let y = twice(shared, Dense(2)(y));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
}

gradients! {
    functions_and_loops_make_models Written;
}
