//! Models of a crate in which mimo is called `net`.
#![deny(warnings)]

use mimo_renamed_test::inner::{Small, SmallInputs};
use mimo_renamed_test::{Digit, DigitInputs, DigitTargets};
use net::prelude::*;

#[test]
fn it_trains_and_predicts() {
    let inputs = DigitInputs::<usize> { image: tensor(vec![0.5_f32; 64 * 2]).unwrap() };
    let targets = DigitTargets::<usize> { digit: tensor([3, 7]).unwrap(), even: tensor([0.0, 1.0]).unwrap() };
    let mut model = Digit::new(1);
    let logs = Trainer::new(&mut model).unwrap().train_on_batch(&inputs, &targets).unwrap();
    assert!(logs.digit.loss > 0.0 && logs.even.loss > 0.0);
    assert_eq!(model.forward(&inputs).unwrap().digit.as_vec().len(), 20);

    let inputs = SmallInputs::<usize> { x: tensor([1.0; Digit::SIDE]).unwrap() };
    assert_eq!(Small::new(1).forward(&inputs).unwrap().y.as_vec().len(), 1);
}

/// A model of this crate around those of another, which have their own names for mimo and their constants.
mod around {
    use net as again;

    /// Not the one that `Features` uses.
    const WIDTH: usize = 1;

    again::model! {
        crate = again;

        pub(crate) Around {
            use mimo_renamed_test::shared::Features;
            use mimo_renamed_test::shared::pairs::Compared;

            let a = Input(shape = [8, 8]);
            let b = Input(shape = [8, 8]);
            let score = Compared()(a, b);
            let (wide, _) = Features()(a);
            let y = Dense(WIDTH)(concatenate([score, wide]));
            Model(inputs = [a, b], outputs = [y]).compile(optimizer = SGD(0.01), loss = mse)
        }
    }
}

#[test]
fn a_model_of_another_crate_is_a_layer() {
    use around::{Around, AroundInputs, AroundTargets};
    use mimo_renamed_test::shared::pairs::{Compared, ComparedInputs};

    let names: Vec<&str> = <Around>::SPEC.weights.iter().map(|weight| weight.name).collect();
    for name in [
        "compared/seen/wide/kernel",
        "compared/seen/narrow/bias",
        "compared/rate/score/kernel",
        "features/wide/kernel",
        "y/kernel",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    let pixels = |from: f32| tensor((0..128).map(|i| (from * i as f32).sin()).collect::<Vec<f32>>()).unwrap();
    let inputs = AroundInputs::<usize> { a: pixels(0.1), b: pixels(0.3) };
    let mut around = Around::new(1);
    let compared: Compared = around.compared.clone();
    let score = compared.forward(&ComparedInputs { a: pixels(0.1), b: pixels(0.3) }).unwrap().score;
    assert!(score.as_vec().iter().all(|score| *score != 0.0));

    let targets = AroundTargets::<usize> { y: tensor([1.0, 2.0]).unwrap() };
    let mut trainer = Trainer::new(&mut around).unwrap();
    let first = trainer.train_on_batch(&inputs, &targets).unwrap().loss;
    let mut last = first;
    for _ in 0..20 {
        last = trainer.train_on_batch(&inputs, &targets).unwrap().loss;
    }
    assert!(last < first, "{last} is not less than {first}");
}

/// Functions of another crate, in which mimo has another name.
mod functions {
    use net as again;

    again::model! {
        crate = again;

        pub(crate) Called {
            use mimo_renamed_test::classifier;
            use mimo_renamed_test::blocks::funnel;
            use mimo_renamed_test::blocks::head as last;

            const RATE: f32 = 0.9;
            const UNITS: usize = super::wide();

            fn dropped(x) { Dropout(RATE)(x) }

            let image = Input(shape = [8, 8]);
            let y = classifier(image, classes = 3);
            let f = funnel(units = UNITS);
            let z = last(dropped(f(Flatten()(image))), 2);
            Model(inputs = [image], outputs = { y: y, z: z }).compile(optimizer = SGD(0.01), loss = mse)
        }
    }
}

/// Known only to const evaluation.
const fn wide() -> usize {
    6
}

#[test]
fn functions_of_another_crate_make_layers_here() {
    use functions::{Called, CalledInputs};
    let names: Vec<&str> = <Called as Model>::SPEC.weights.iter().map(|weight| weight.name).collect();
    let kernels: Vec<&str> = names.into_iter().filter(|name| name.ends_with("/kernel")).collect();
    assert_eq!(kernels.len(), 7);
    assert_eq!(kernels.iter().filter(|name| name.starts_with("tiny/")).count(), 1);
    let inputs = CalledInputs { image: tensor(vec![0.5; 64]).unwrap() };
    let outputs = Called::new(1).predict(&inputs).unwrap();
    assert_eq!((outputs.y.as_vec().len(), outputs.z.as_vec().len()), (3, 2));
}
