//! Where a model can stand.

use mimo::prelude::*;

#[test]
fn inside_a_function_with_its_constants() {
    const LOCAL: usize = 3;
    model! {
        Local {
            const TWICE: usize = LOCAL * 2;
            let x = Input(shape = [LOCAL]);
            let y = Dense(TWICE)(x);
            Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
        }
    }
    let inputs = LocalInputs::<usize> { x: tensor(vec![1.0; LOCAL]).unwrap() };
    let targets = LocalTargets::<usize> { y: tensor(vec![0.0; Local::TWICE]).unwrap() };
    let mut model = Local::new(1);
    Trainer::new(&mut model).unwrap().train_on_batch(&inputs, &targets).unwrap();
}

model! { First { let x = Input(shape = [2]); let y = Dense(1)(x); Model(x, y) } }
model! { Second { let x = Input(shape = [2]); let y = Dense(1)(x); Model(x, y) } }

#[test]
fn two_in_one_module() {
    let first = FirstInputs::<usize> { x: tensor([1.0, 2.0]).unwrap() };
    let second = SecondInputs::<usize> { x: tensor([1.0, 2.0]).unwrap() };
    // The same weights by the same seed, though not the same type.
    let outputs = (First::new(3).forward(&first).unwrap(), Second::new(3).forward(&second).unwrap());
    assert_eq!(outputs.0.y.as_vec(), outputs.1.y.as_vec());
}

mod inner {
    pub(crate) const WIDTH: usize = 2;

    mimo::model! {
        /// Seen in the crate.
        pub(crate) Shared {
            const HALF: usize = WIDTH / 2;
            let x = Input(shape = [WIDTH]);
            let y = Dense(HALF)(x);
            Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse, metrics = [mae])
        }
    }

    pub(super) mod deeper {
        mimo::model! {
            pub(in super::super) Deep {
                let x = Input(shape = [super::WIDTH]);
                let h: [super::WIDTH * 2] = concatenate([x, x]);
                let y = Dense(super::super::inner::WIDTH)(h);
                Model(x, y)
            }
        }
    }
}

#[test]
fn from_outside_of_its_module() {
    use inner::deeper::{Deep, DeepInputs};
    let model = inner::Shared::new(1);
    let inputs = inner::SharedInputs::<usize> { x: tensor(vec![1.0; inner::WIDTH]).unwrap() };
    let outputs: inner::SharedOutputs = model.forward(&inputs).unwrap();
    assert_eq!(outputs.y.as_vec().len(), inner::Shared::HALF);
    let inputs = DeepInputs::<Const<1>> { x: tensor([1.0, 2.0]).unwrap() };
    assert_eq!(Deep::new(1).forward_batch(&inputs).unwrap().y.array().len(), 1);
}

/// A macro that writes models, and hands over names, lengths, numbers, expressions and lists of tokens.
macro_rules! twin {
    ($vis:vis $name:ident, $width:literal, $inner:expr, $rate:literal, $output:ident: $loss:ident, $optimizer:ident $args:tt) => {
        mimo::model! {
            /// Written by a macro.
            $vis $name {
                const INNER: usize = $inner;
                let x = Input(shape = [$width, 1]);
                let flat: [$width] = Flatten()(x);
                let h = Dense(INNER, activation = relu)(flat);
                let h = Dense($inner)(h);
                let h = Dropout($rate)(h);
                let $output = Dense($width)(h);
                Model(inputs = [x], outputs = [$output])
                    .compile(optimizer = $optimizer $args, loss = { $output: $loss })
            }
        }
    };
}

const FOUR: usize = 4;

twin!(pub(crate) Small, 3, FOUR + 1, 0.5, score: mse, SGD(0.1, momentum = 0.9));
twin!(Large, 5, 8, 0.25, r#type: mae, Adam());

#[test]
fn from_a_macro_of_ones_own() {
    assert_eq!((Small::INNER, Large::INNER), (5, 8));
    assert_eq!(Small::PARAMETERS, 3 * 5 + 5 + 5 * 5 + 5 + 5 * 3 + 3);
    assert_eq!(Small::OUTPUTS[0].name, "score");
    assert_eq!(Large::OUTPUTS[0].name, "type");
}

model! {
    Classifier {
        let x = Input(shape = [2]);
        let class = Dense(3, activation = softmax)(x);
        Model(x, class).compile(optimizer = SGD(0.1), loss = sparse_categorical_crossentropy, metrics = [accuracy])
    }
}

/// Class indices are `usize` for every element type, so targets that are nothing else have none.
#[test]
fn targets_of_class_indices_only() {
    let targets = ClassifierTargets::<usize> { class: tensor([2]).unwrap() };
    let inputs = ClassifierInputs { x: tensor(vec![1.0_f32, 2.0]).unwrap() };
    let mut model = Classifier::new(1);
    let logs = Trainer::new(&mut model).unwrap().train_on_batch(&inputs, &targets).unwrap();
    assert!(logs.class.loss > 0.0);
    let inputs = ClassifierInputs { x: tensor(vec![1.0_f64, 2.0]).unwrap() };
    let mut model = Classifier::<f64>::build(1);
    Trainer::new(&mut model).unwrap().train_on_batch(&inputs, &targets).unwrap();
}
