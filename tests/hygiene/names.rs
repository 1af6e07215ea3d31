//! Names of inputs, outputs and layers that are also used by the expansion, the language or Rust.
#![allow(non_snake_case, reason = "`a_b`, `a__b` and `aB` are one name in camel case")]

use mimo::prelude::*;

model! {
    Keywords {
        let r#type = Input(shape = [2]);
        let r#fn = Input(shape = [2]);
        let x = concatenate([r#type, r#fn]);
        let r#loop = Dense(3, activation = relu)(x);
        let r#match = Dense(2, activation = softmax)(r#loop);
        let r#struct = Dense(1)(r#loop);
        Model(inputs = [r#type, r#fn], outputs = [r#match, r#struct]).compile(
            optimizer = Adam(),
            loss = { r#match: categorical_crossentropy, r#struct: mse },
            metrics = { r#match: [accuracy], r#struct: [mae] },
        )
    }
}

#[test]
fn keywords_are_raw_in_rust_and_plain_in_names() {
    let inputs =
        KeywordsInputs::<usize> { r#type: tensor([1.0, 2.0]).unwrap(), r#fn: tensor([3.0, 4.0]).unwrap() };
    let targets =
        KeywordsTargets::<usize> { r#match: tensor([0.0, 1.0]).unwrap(), r#struct: tensor([1.0]).unwrap() };
    let mut model = Keywords::new(1);
    assert_eq!(model.forward(&inputs).unwrap().r#match.as_vec().len(), 2);
    let logs = Trainer::new(&mut model).unwrap().train_on_batch(&inputs, &targets).unwrap();
    assert!(logs.r#match.loss > 0.0 && logs.r#struct.mae > 0.0);
    let names: Vec<_> = Keywords::OUTPUTS.iter().map(|output| output.name).collect();
    assert_eq!(names, ["match", "struct"]);
    let inputs: Vec<_> = Keywords::INPUTS.iter().map(|input| input.name).collect();
    assert_eq!(inputs, ["type", "fn"]);
}

model! {
    Größe {
        let länge = Input(shape = [2]);
        let 特徴 = Dense(3, activation = relu)(länge);
        let größe = Dense(1)(特徴);
        let 分類 = Dense(2, activation = softmax)(特徴);
        Model(inputs = [länge], outputs = [größe, 分類]).compile(
            optimizer = Adam(),
            loss = { größe: mse, 分類: categorical_crossentropy },
            metrics = { 分類: [accuracy] },
        )
    }
}

#[test]
fn letters_of_any_alphabet_are_letters() {
    let inputs = GrößeInputs::<usize> { länge: tensor([1.0, 2.0]).unwrap() };
    let outputs = Größe::new(1).forward(&inputs).unwrap();
    assert_eq!((outputs.größe.as_vec().len(), outputs.分類.as_vec().len()), (1, 2));
    assert_eq!(Größe::OUTPUTS[1].name, "分類");
}

// Names used by the expansion and the logs.
model! {

    Ours {
        let rows = Input(shape = [2]);
        let reader = Input(shape = [1]);
        let values = concatenate([rows, reader]);
        let train = Dense(4, activation = relu)(values);
        let plan = Dense(4, activation = relu)(train);
        let chunk = train + plan;
        let loss = Dense(1)(chunk);
        let total_loss = Dense(1)(chunk);
        let new = Dense(1)(plan);
        let self_ = Dense(1)(plan);
        let forward = Dense(1)(plan);
        let kernel = Dense(1, name = "weights")(plan);
        let a_b = Dense(1)(plan);
        let a__b = Dense(1)(plan);
        let aB = Dense(1)(plan);
        let make = Dense(1)(plan);
        let writer = Dense(1)(plan);
        Model(
            inputs = [rows, reader],
            outputs = [loss, total_loss, new, self_, forward, kernel, a_b, a__b, aB, make, writer],
        )
        .compile(optimizer = SGD(0.01), loss = mse, metrics = { loss: [mae], make: [mae, r2] })
    }
}

#[test]
fn names_of_the_expansion_are_free() {
    let column = |value: f32| tensor(vec![value]).unwrap();
    let inputs = OursInputs::<usize> { rows: tensor([1.0, 2.0]).unwrap(), reader: column(3.0) };
    let targets = OursTargets::<usize> {
        loss: column(0.0),
        total_loss: column(1.0),
        new: column(2.0),
        self_: column(3.0),
        forward: column(4.0),
        kernel: column(5.0),
        a_b: column(6.0),
        a__b: column(7.0),
        aB: column(8.0),
        make: column(9.0),
        writer: column(10.0),
    };
    let mut model = Ours::new(1);
    let logs = Trainer::new(&mut model).unwrap().train_on_batch(&inputs, &targets).unwrap();
    // Every name is a separate output: distant targets cost more than near ones.
    assert!(logs.writer.loss > logs.new.loss && logs.a__b.loss > logs.self_.loss);
    assert!(logs.total_loss.loss >= 0.0 && logs.loss.mae >= 0.0);
    let outputs = model.forward(&inputs).unwrap();
    assert_eq!(outputs.self_.as_vec().len() + outputs.aB.as_vec().len(), 2);
}
