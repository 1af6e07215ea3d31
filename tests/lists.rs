//! Lists of tensors from loops: bit-identical to the same model written out; names of its outputs in logs, graph and
//! fields; one tensor as two outputs.

use mimo::prelude::*;

model! {
    /// Heads from a loop.
    pub Captcha {
        const DIGITS: usize = 5;

        let image = Input(shape = [6]);
        let x = Dense(8, activation = relu)(image);
        let heads = for i in 0..DIGITS {
            let h = Dense(i + 3, activation = tanh)(x);
            Dense(4, activation = softmax, name = "digit_{i}")(h)
        };
        let length = Dense(1)(x);
        Model(inputs = [image], outputs = [heads, length]).compile(
            optimizer = { digit_*: SGD(0.05), digit_4: SGD(0.5), rest: Adam(0.01) },
            loss = { digit_*: sparse_categorical_crossentropy, digit_2: none, length: mse },
            loss_weights = { digit_*: 0.5 },
            metrics = { "digit_*": [accuracy], digit_2: none },
        )
    }
}

model! {
    /// The same, written out.
    pub ByHand {
        let image = Input(shape = [6]);
        let x = Dense(8, activation = relu)(image);
        let h = Dense(3, activation = tanh)(x);
        let digit_0 = Dense(4, activation = softmax)(h);
        let h = Dense(4, activation = tanh)(x);
        let digit_1 = Dense(4, activation = softmax)(h);
        let h = Dense(5, activation = tanh)(x);
        let digit_2 = Dense(4, activation = softmax)(h);
        let h = Dense(6, activation = tanh)(x);
        let digit_3 = Dense(4, activation = softmax)(h);
        let h = Dense(7, activation = tanh)(x);
        let digit_4 = Dense(4, activation = softmax)(h);
        let length = Dense(1)(x);
        Model(inputs = [image], outputs = [digit_0, digit_1, digit_2, digit_3, digit_4, length]).compile(
            // The optimizers of the layers determine the order of the weights, and so the initial ones.
            optimizer = { digit_*: SGD(0.05), digit_4: SGD(0.5), rest: Adam(0.01) },
            loss = {
                digit_0: sparse_categorical_crossentropy,
                digit_1: sparse_categorical_crossentropy,
                digit_2: none,
                digit_3: sparse_categorical_crossentropy,
                digit_4: sparse_categorical_crossentropy,
                length: mse,
            },
            loss_weights = { digit_0: 0.5, digit_1: 0.5, digit_3: 0.5, digit_4: 0.5 },
            metrics = {
                digit_0: [accuracy], digit_1: [accuracy], digit_3: [accuracy], digit_4: [accuracy],
            },
        )
    }
}

/// Trains a model for a few epochs on the same data; returns its weights and its losses.
macro_rules! trained {
    ($model:ident, $inputs:ident, $targets:ident) => {{
        let rows = 12;
        let image: Vec<f32> = (0..rows * 6).map(|i| ((i * 37) % 19) as f32 / 19.0 - 0.4).collect();
        let digits = |k: usize| tensor((0..rows).map(|i| (i * k + i / 2) % 4).collect::<Vec<usize>>());
        let inputs = $inputs { image: tensor(image)? };
        let targets = $targets {
            digit_0: digits(1)?,
            digit_1: digits(2)?,
            digit_3: digits(3)?,
            digit_4: digits(5)?,
            length: tensor((0..rows).map(|i| i as f32 / 12.0).collect::<Vec<_>>())?,
        };
        let mut model = $model::new(7);
        let mut trainer = Trainer::new(&mut model)?;
        let mut losses: Vec<[f64; 3]> = vec![];
        trainer.fit_with((&inputs, &targets), |options| {
            options.epochs(4).batch_size(5).verbose(Verbose::Silent).on_epoch_end(|_, logs| {
                losses.push(
                    [logs.train.loss, logs.train.digit_3.loss, logs.train.digit_4.accuracy].map(f64::from),
                );
                std::ops::ControlFlow::Continue(())
            })
        })?;
        drop(trainer);
        let weights = [
            model.digit_0.kernel.as_vec(),
            model.digit_3.kernel.as_vec(),
            model.digit_4.bias.as_vec(),
            model.dense.kernel.as_vec(),
            model.dense_5.kernel.as_vec(),
            model.length.kernel.as_vec(),
        ];
        (weights, losses)
    }};
}

#[test]
fn heads_of_a_loop_are_trained_as_those_written_by_hand() -> Result<()> {
    let (weights, losses) = trained!(Captcha, CaptchaInputs, CaptchaTargets);
    let by_hand = trained!(ByHand, ByHandInputs, ByHandTargets);
    assert_eq!(losses, by_hand.1);
    let bits = |weights: &[Vec<f32>; 6]| {
        weights.each_ref().map(|w| w.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
    };
    assert_eq!(bits(&weights), bits(&by_hand.0));
    assert!(losses[3][0] < losses[0][0], "{losses:?}");
    Ok(())
}

#[test]
fn outputs_have_the_names_of_their_layers() {
    let wanted = ["digit_0", "digit_1", "digit_2", "digit_3", "digit_4", "length"];
    for graph in [<Captcha as Model>::GRAPH, <ByHand as Model>::GRAPH] {
        let names: Vec<_> = graph.outputs.iter().map(|output| output.name).collect();
        assert_eq!(names, wanted);
    }
    let spec: Vec<_> = <Captcha as Model>::SPEC.outputs.iter().map(|output| output.name).collect();
    assert_eq!(spec, wanted);
}

model! {
    /// A number and its logarithm from one layer, and one softmax with two losses.
    pub Twice {
        let x = Input(shape = [3]);
        let y = Dense(2, activation = softplus)(x);
        let p = Dense(3, activation = softmax)(x);
        Model(inputs = [x], outputs = { price: y, log_price: y, kind: p, again: p }).compile(
            optimizer = SGD(0.1),
            loss = {
                price: mse,
                log_price: mean_squared_logarithmic_error,
                kind: sparse_categorical_crossentropy,
                again: categorical_crossentropy,
            },
            loss_weights = { log_price: 0.5, again: 2.0 },
            metrics = { log_price: [mae], again: [accuracy] },
        )
    }
}

#[test]
fn one_tensor_is_two_outputs() -> Result<()> {
    let inputs = TwiceInputs { x: tensor((0..12).map(|i| i as f32 / 7.0 - 0.8).collect::<Vec<_>>())? };
    let one_hot = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]].concat();
    let targets = TwiceTargets {
        price: tensor(vec![1.0; 8])?,
        log_price: tensor(vec![1.5; 8])?,
        kind: tensor(vec![0, 2, 1, 0])?,
        again: tensor(one_hot)?,
    };
    let mut model = Twice::new(3);
    let outputs = model.predict(&inputs)?;
    assert_eq!(outputs.price.as_vec(), outputs.log_price.as_vec());
    assert_eq!(outputs.kind.as_vec(), outputs.again.as_vec());
    let mut trainer = Trainer::new(&mut model)?;
    let first = trainer.train_on_batch(&inputs, &targets)?;
    // The same targets in two forms have the same cross-entropy, from the same logits.
    assert_eq!(first.kind.loss.to_bits(), first.again.loss.to_bits());
    for _ in 0..200 {
        trainer.train_on_batch(&inputs, &targets)?;
    }
    let last = trainer.train_on_batch(&inputs, &targets)?;
    assert!(
        last.price.loss < first.price.loss && last.kind.loss < first.kind.loss,
        "{last:?} after {first:?}"
    );
    Ok(())
}
