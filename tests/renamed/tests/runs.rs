//! Models of a crate to which mimo is `net`.

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
