//! User errors at run time are `Error`s that name the fault, never panics.

use mimo::data::ArrayDataset;
use mimo::prelude::*;

model! {
    /// Two inputs, three kinds of target.
    pub Visit {
        let left = Input(shape = [3]);
        let right = Input(shape = [2]);
        let x = concatenate([left, right]);
        let x = Dense(4, activation = relu)(x);
        let kind = Dense(3, activation = softmax)(x);
        let sick = Dense(1, activation = sigmoid)(x);
        Model(inputs = [left, right], outputs = [kind, sick]).compile(
            optimizer = SGD(0.1),
            loss = { kind: sparse_categorical_crossentropy, sick: binary_crossentropy },
        )
    }
}

fn inputs(left: usize, right: usize) -> VisitInputs {
    VisitInputs {
        left: tensor(vec![0.5; 3 * left]).expect("whole samples"),
        right: tensor(vec![0.5; 2 * right]).expect("whole samples"),
    }
}

fn targets(kinds: &[usize], sick: usize) -> VisitTargets {
    VisitTargets {
        kind: tensor(kinds).expect("whole samples"),
        sick: tensor(vec![1.0; sick]).expect("whole samples"),
    }
}

fn message<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => panic!("this has to be an error"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn row_counts_that_differ_are_named() {
    let mut model = Visit::new(0);
    let before = model.clone();
    let mut trainer = Trainer::new(&mut model).expect("memory");
    let text = message(trainer.fit((&inputs(4, 3), &targets(&[0; 4], 4)), FitOptions::new()));
    assert!(text.contains("`right`") && text.contains('3') && text.contains('4'), "{text}");
    let text = message(trainer.fit((&inputs(4, 4), &targets(&[0; 4], 5)), FitOptions::new()));
    assert!(text.contains("`sick`") && text.contains('5'), "{text}");
    let text = message(trainer.predict(&inputs(1, 2)));
    assert!(text.contains("`right`"), "{text}");
    drop(trainer);
    assert_eq!(model.kind.kernel.as_vec(), before.kind.kernel.as_vec());
}

#[test]
fn a_class_that_does_not_exist_is_named() {
    let mut model = Visit::new(0);
    let mut trainer = Trainer::new(&mut model).expect("memory");
    let text = message(trainer.train_on_batch(&inputs(3, 3), &targets(&[0, 7, 1], 3)));
    assert!(text.contains("`kind`") && text.contains('7') && text.contains('3'), "{text}");
}

#[test]
fn rows_that_a_data_set_does_not_have_are_an_error() {
    let mut model = Visit::new(0);
    let data = ArrayDataset::<Visit>::new(&inputs(2, 2), &targets(&[0, 1], 2)).expect("sound data");
    let mut trainer = Trainer::new(&mut model).expect("memory");
    assert!(trainer.train_on_rows(&data, &[0, 1]).is_ok());
    message(trainer.train_on_rows(&data, &[0, 2]));
    message(trainer.train_on_rows(&data, &[usize::MAX]));
}

#[test]
fn numbers_that_are_none_are_refused_if_asked() {
    let bad = VisitInputs { left: tensor(vec![0.0, f32::NAN, 0.0]).expect("one sample"), ..inputs(1, 1) };
    let data = ArrayDataset::<Visit>::new(&bad, &targets(&[0], 1)).expect("NaN is allowed unless asked");
    let text = message(data.check_finite());
    assert!(text.contains("`left`"), "{text}");
}

#[test]
fn options_without_sense_are_errors() {
    let mut model = Visit::new(0);
    let (inputs, targets) = (inputs(4, 4), targets(&[0, 1, 2, 0], 4));
    let mut trainer = Trainer::new(&mut model).expect("memory");
    message(trainer.fit((&inputs, &targets), FitOptions::new().batch_size(0)));
    for split in [-0.5, 1.0, f64::NAN] {
        message(trainer.fit((&inputs, &targets), FitOptions::new().validation_split(split)));
    }
    message(trainer.evaluate((&inputs, &targets), 0));
    assert!(trainer.fit((&inputs, &targets), FitOptions::new().epochs(0)).is_ok());
}

#[test]
fn no_samples_are_an_error_wherever_they_come_from() {
    use mimo::dfdx::tensor::TensorFromVec;
    // dfdx creates empty tensors, and panics when it reads them, so mimo creates none.
    assert!(tensor::<(usize, Const<3>), f32>(vec![]).is_err());
    let (left, right) = (
        Cpu::default().tensor_from_vec(vec![], (0, Const)),
        Cpu::default().tensor_from_vec(vec![], (0, Const)),
    );
    let none = VisitInputs { left, right };
    let (kind, sick) =
        (Cpu::default().tensor_from_vec(vec![], (0,)), Cpu::default().tensor_from_vec(vec![], (0, Const)));
    let no_targets = VisitTargets { kind, sick };
    let mut model = Visit::new(0);
    message(model.forward(&none));
    message(Predictor::new(&model).expect("memory").predict(&none));
    let mut trainer = Trainer::new(&mut model).expect("memory");
    message(trainer.predict(&none));
    message(trainer.train_on_batch(&none, &no_targets));
    message(trainer.fit((&none, &no_targets), FitOptions::new()));
    message(trainer.evaluate((&none, &no_targets), 32));
    let data = ArrayDataset::<Visit>::new(&inputs(2, 2), &targets(&[0, 1], 2)).expect("sound data");
    let empty = data.select([]).expect("an empty selection");
    message(trainer.fit(&empty, FitOptions::new()));
    message(trainer.evaluate(&empty, 32));
    let text = message(trainer.fit(&data, FitOptions::new().validation_data(&empty)));
    assert!(text.contains("validation"), "{text}");
    assert_eq!(trainer.steps(), 0);
}

#[test]
fn values_that_are_no_whole_samples_make_no_tensor() {
    let result: Result<Tensor<(usize, Const<3>), f32, Cpu>> = tensor(vec![1.0; 4]);
    assert!(message(result).contains('4'));
    let result: Result<Tensor<(Const<2>, Const<3>), f32, Cpu>> = tensor(vec![1.0; 9]);
    message(result);
}

#[test]
fn a_file_of_another_model_leaves_the_model_alone() {
    model! {
        /// Another model.
        pub Other {
            let x = Input(shape = [3]);
            let kind = Dense(5)(x);
            Model(inputs = [x], outputs = [kind])
        }
    }
    let path = std::env::temp_dir().join(format!("mimo-misuse-{}.safetensors", std::process::id()));
    mimo::file::save(&Other::new(1), &path).expect("a folder to write to");
    let mut model = Visit::new(2);
    let before = model.kind.kernel.as_vec();
    let text = message(mimo::file::load(&mut model, &path));
    assert!(text.contains("kind/kernel"), "{text}");
    assert_eq!(model.kind.kernel.as_vec(), before);
    std::fs::write(&path, b"not a weight file").expect("a folder to write to");
    message(mimo::file::load(&mut model, &path));
    std::fs::remove_file(&path).expect("the file that was written");
    message(mimo::file::load(&mut model, &path));
}
