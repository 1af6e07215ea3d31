//! Functions and loops in a model are equivalent to the layers written out, and any tensor may be an output.

use mimo::prelude::*;

model! {
    /// Written with a function and loops.
    Short {
        const DEPTH: usize = 2;

        fn residual(x, units, activation = relu) {
            let h = Dense(units, activation = activation)(x);
            let h = Dense(units)(h);
            add([x, h])
        }

        let x = Input(shape = [6]);
        let h = Dense(8)(x);
        for i in 0..DEPTH { let h = residual(h, 8, activation = tanh); }
        for (units, act) in [(5, relu), (4, sigmoid)] { let h = Dense(units, activation = act)(h); }
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = mse)
    }
}

model! {
    /// The same, written out.
    Long {
        let x = Input(shape = [6]);
        let h0 = Dense(8)(x);
        let a = Dense(8, activation = tanh)(h0);
        let a = Dense(8)(a);
        let h1 = add([h0, a]);
        let b = Dense(8, activation = tanh)(h1);
        let b = Dense(8)(b);
        let h2 = add([h1, b]);
        let c = Dense(5, activation = relu)(h2);
        let d = Dense(4, activation = sigmoid)(c);
        let y = Dense(1)(d);
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = mse)
    }
}

fn data() -> (Vec<f32>, Vec<f32>) {
    let xs = (0..12 * 6).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect();
    let ys = (0..12).map(|i| (i * 29 % 13) as f32 / 6.0 - 1.0).collect();
    (xs, ys)
}

#[test]
fn what_is_expanded_is_what_is_written_by_hand() -> Result<()> {
    assert_eq!(Short::PARAMETERS, Long::PARAMETERS);
    assert_eq!(Short::DEPTH, 2);
    assert_eq!(Short::summary().replace("Short", "Long"), Long::summary());
    let (xs, ys) = data();
    let (mut short, mut long) = (Short::new(3), Long::new(3));
    let (a, b) = (ShortInputs { x: tensor(xs.clone())? }, LongInputs { x: tensor(xs)? });
    let (s, t) = (ShortTargets { y: tensor(ys.clone())? }, LongTargets { y: tensor(ys)? });
    for _ in 0..3 {
        Trainer::new(&mut short)?.train_on_batch(&a, &s)?;
        Trainer::new(&mut long)?.train_on_batch(&b, &t)?;
    }
    assert_eq!(short.forward(&a)?.y.as_vec(), long.forward(&b)?.y.as_vec());
    Ok(())
}

model! {
    /// All tensors between the input and the head are outputs.
    Features {
        let x = Input(shape = [6, 2]);
        let flat = Flatten()(x);
        let hidden = Dense(5, activation = relu)(flat);
        let deeper = Dense(4, activation = tanh)(hidden);
        let joined = concatenate([hidden, deeper]);
        let y = Dense(3, activation = softmax)(joined);
        Model(inputs = [x], outputs = [hidden, joined, x, y, flat, deeper]).compile(
            optimizer = Adam(),
            loss = { y: categorical_crossentropy, deeper: mse, hidden: none, joined: none, x: none, flat: none },
        )
    }
}

model! {
    /// Integers as outputs.
    Words {
        let words = Input(shape = [3], dtype = "int32");
        let x = Embedding(10, 4)(words);
        let x = Flatten()(x);
        let y = Dense(1)(x);
        Model(inputs = [words], outputs = [words, y])
    }
}

#[test]
fn whole_numbers_are_an_output() -> Result<()> {
    let given = vec![1_usize, 9, 0, 4, 4, 2];
    let inputs: WordsInputs = WordsInputs { words: tensor(given.clone())? };
    let outputs = Words::new(1).forward(&inputs)?;
    assert_eq!(outputs.words.as_vec(), given);
    Ok(())
}

model! {
    /// The same with only the head as output.
    Head {
        let x = Input(shape = [6, 2]);
        let flat = Flatten()(x);
        let hidden = Dense(5, activation = relu)(flat);
        let deeper = Dense(4, activation = tanh)(hidden);
        let joined = concatenate([hidden, deeper]);
        let y = Dense(3, activation = softmax)(joined);
        Model(inputs = [x], outputs = [y, deeper])
            .compile(optimizer = Adam(), loss = { y: categorical_crossentropy, deeper: mse })
    }
}

#[test]
fn any_tensor_is_an_output() -> Result<()> {
    let xs: Vec<f32> = (0..4 * 12).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect();
    let ys = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0].to_vec();
    let deeper: Vec<f32> = (0..16).map(|i| i as f32 / 16.0).collect();
    let (mut features, mut head) = (Features::new(5), Head::new(5));
    let (a, b) = (FeaturesInputs { x: tensor(xs.clone())? }, HeadInputs { x: tensor(xs.clone())? });
    let targets = FeaturesTargets { y: tensor(ys.clone())?, deeper: tensor(deeper.clone())? };
    let wanted = HeadTargets { y: tensor(ys)?, deeper: tensor(deeper)? };
    Trainer::new(&mut features)?.train_on_batch(&a, &targets)?;
    Trainer::new(&mut head)?.train_on_batch(&b, &wanted)?;
    let (found, wanted) = (features.forward(&a)?, head.forward(&b)?);
    assert_eq!(found.y.as_vec(), wanted.y.as_vec());
    assert_eq!(found.deeper.as_vec(), wanted.deeper.as_vec());
    assert_eq!(found.x.as_vec(), xs);
    assert_eq!(found.flat.as_vec(), xs);
    for row in 0..4 {
        let joined = &found.joined.as_vec()[row * 9..][..9];
        assert_eq!(joined[..5], found.hidden.as_vec()[row * 5..][..5]);
        assert_eq!(joined[5..], found.deeper.as_vec()[row * 4..][..4]);
    }
    Ok(())
}
