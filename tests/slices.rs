//! Parts of integer inputs: each part is checked by the layer that looks it up.

use mimo::dfdx::tensor::TensorFromVec;
use mimo::prelude::*;

const WEEKDAYS: usize = 7;

mimo::model! {
    /// A row of categories, each with its own vocabulary, and one number whose sign matters.
    Categories {
        let row = Input(shape = [5], dtype = "int32");
        let city = Embedding(100, 4)(row[0]);
        let day = CategoryEncoding(WEEKDAYS, output_mode = one_hot)(row[1..2]);
        let words = Embedding(10, 2)(row[2..4]);
        let word = Embedding(6, 2)(row[2..4][-1]);
        let y = Dense(1)(concatenate([city, Flatten()(day), Flatten()(words), word]));
        Model(inputs = [row], outputs = [y]).compile(optimizer = Adam(), loss = mse)
    }
}

mimo::model! {
    /// All of them in one vocabulary, in parts.
    Halves {
        let words = Input(shape = [4], dtype = "int32");
        let y = Embedding(9, 2)(words[..2]) + Embedding(9, 2)(words[2..]) + Embedding(8, 2)(words)[..2];
        Model(inputs = [words], outputs = [y])
    }
}

#[test]
fn each_value_has_the_bound_of_the_layer_that_looks_it_up() {
    let input = &Categories::INPUTS[0];
    assert_eq!((input.below, input.below_each), (Some(100), &[100, 7, 10, 6, 0][..]));
    let input = &Halves::INPUTS[0];
    assert_eq!((input.below, input.below_each), (Some(9), &[8; 4][..]));
}

#[test]
fn values_are_checked_by_their_places() {
    let mut model = Categories::new(3);
    let inputs = |row: [usize; 5]| {
        let rows = [[0, 0, 0, 0, 0], row].concat();
        CategoriesInputs { row: Cpu::default().tensor_from_vec(rows, (2, Const::<5>)) }
    };
    for (row, wrong) in [
        ([99, 6, 9, 5, 1000], None),
        ([100, 6, 9, 5, 0], Some("100")),
        ([99, 7, 9, 5, 0], Some("7")),
        ([99, 6, 9, 6, 0], Some("6")),
    ] {
        match (model.forward(&inputs(row)), wrong) {
            (Ok(_), None) => {}
            (Err(error), Some(number)) => {
                let text = error.to_string();
                assert!(text.contains(number) && text.contains("row"), "{text}");
            }
            (given, _) => panic!("{row:?}: {:?}", given.map(|_| ())),
        }
    }
    let targets = CategoriesTargets { y: Cpu::default().tensor_from_vec(vec![1.0, 0.0], (2, Const::<1>)) };
    let mut trainer = Trainer::new(&mut model).unwrap();
    assert!(trainer.train_on_batch(&inputs([99, 6, 9, 5, 1000]), &targets).is_ok());
    assert!(trainer.train_on_batch(&inputs([99, 6, 9, 6, 1000]), &targets).is_err());
}

mimo::model! {
    Last {
        let steps = Input(shape = [3, 2]);
        let (a, b) = split(steps * 1.5, 2, axis = -1);
        let last = stack([a[-1], flip(b, axis = 1)[0]], axis = 1);
        Model(inputs = [steps], outputs = [last])
    }
}

mimo::model! {
    /// A nested model of parts, on each of several steps, and the same parts of the whole.
    Steps {
        use Last;
        let x = Input(shape = [4, 3, 2]);
        let each = TimeDistributed(Last())(x);
        let whole = 1.5 * expand_dims(x[.., -1], axis = -1);
        Model(inputs = [x], outputs = [each, whole])
    }
}

#[test]
fn parts_are_taken_of_each_step() {
    let x = Cpu::default()
        .tensor_from_vec((0..48).map(|i| i as f32).collect(), (2, Const::<4>, Const::<3>, Const::<2>));
    let outputs = Steps::new(0).forward(&StepsInputs { x }).unwrap();
    let each = outputs.each.as_vec();
    assert_eq!(each, outputs.whole.as_vec());
    assert_eq!(each[..4], [6.0, 7.5, 15.0, 16.5]);
}
