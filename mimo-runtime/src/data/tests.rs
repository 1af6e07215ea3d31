use super::*;
use crate::model::PerOutput;
use crate::testing::{Classes, Lines, LinesInputs, LinesOutputs, LinesPerOutput, OneOutput, classes, rows};

fn inputs(n: usize) -> LinesInputs {
    LinesInputs { x: rows::<2>(&(0..n).map(|i| [i as f32, -(i as f32)]).collect::<Vec<_>>()) }
}

fn targets(n: usize) -> LinesOutputs {
    LinesOutputs {
        slope: rows::<1>(&(0..n).map(|i| [i as f32]).collect::<Vec<_>>()),
        pair: rows::<2>(&vec![[1.0, 2.0]; n]),
    }
}

fn dataset(n: usize) -> ArrayDataset<Lines> {
    ArrayDataset::new(&inputs(n), &targets(n)).expect("a data set")
}

#[test]
fn fields_with_different_numbers_of_samples_are_named() {
    let error = ArrayDataset::<Lines>::new(&inputs(3), &targets(4)).expect_err("3 inputs, 4 targets");
    assert_eq!(error.to_string(), "`slope` has 4 samples, but `x` has 3");
    let mixed = LinesOutputs { pair: targets(2).pair, ..targets(3) };
    let error = ArrayDataset::<Lines>::new(&inputs(3), &mixed).expect_err("3 and 2 targets");
    assert_eq!(error.to_string(), "`pair` has 2 samples, but `x` has 3");
}

#[test]
fn no_data_is_an_error() {
    assert!(matches!(ArrayDataset::<Lines>::new(&inputs(0), &targets(0)), Err(Error::NoData)));
    assert!(matches!(ArrayDataset::<Classes>::new(&inputs(0), &classes(&[])), Err(Error::NoData)));
}

#[test]
fn a_class_that_is_none_is_named() {
    let check = |values: &[usize]| ArrayDataset::<Classes>::new(&inputs(values.len()), &classes(values));
    assert!(check(&[0, 1, 2]).is_ok());
    assert!(check(&[0, 255, 2]).is_ok(), "255 is the class to ignore");
    let error = check(&[0, 2, 1, 3]).expect_err("there is no class 3");
    assert_eq!(
        error.to_string(),
        "class index 3 in sample 3 is out of range: `class` has 3 classes (0 to 2)"
    );
}

#[test]
fn values_that_are_not_finite_are_named() {
    let check = |inputs: &LinesInputs, targets: &LinesOutputs, weight: f32| {
        let weights = LinesPerOutput { slope: Some(vec![weight; 3]), pair: None };
        ArrayDataset::<Lines>::new(inputs, targets)?.sample_weights(&weights)?.check_finite().map(|_| ())
    };
    assert!(check(&inputs(3), &targets(3), 1.0).is_ok());
    let infinite = LinesInputs { x: rows(&[[0.0, 1.0], [0.0, 1.0], [f32::INFINITY, 1.0]]) };
    assert!(matches!(check(&infinite, &targets(3), 1.0), Err(Error::NotFinite { name: "x", row: 2 })));
    let missing = LinesOutputs { slope: rows(&[[0.0], [f32::NAN], [0.0]]), ..targets(3) };
    assert!(matches!(check(&inputs(3), &missing, 1.0), Err(Error::NotFinite { name: "slope", row: 1 })));
    assert!(check(&inputs(3), &missing, 0.0).is_ok(), "what weighs nothing may be missing");
    let error = check(&inputs(3), &targets(3), f32::NAN).expect_err("a weight that is NaN");
    assert_eq!(
        error.to_string(),
        "the weight of sample 0 for `slope` is NaN; weights must be finite in the model's float type"
    );
}

#[test]
fn a_class_that_weighs_nothing_may_be_any() {
    let weigh = |weights: &[f32]| {
        let weights = OneOutput(Some(weights.to_vec()));
        ArrayDataset::<Classes>::with_sample_weights(&inputs(3), &classes(&[0, 99, 2]), &weights)?
            .check_finite()
            .map(drop)
    };
    assert!(weigh(&[1.0, 0.0, -1.0]).is_ok());
    assert!(matches!(weigh(&[1.0, 0.5, 1.0]), Err(Error::ClassIndex { row: 1, .. })));
}

#[test]
fn only_selected_samples_are_checked() {
    let x = rows::<2>(&[[0.0, 1.0], [f32::NAN, 0.0], [2.0, 1.0]]);
    let data = ArrayDataset::<Lines>::new(&LinesInputs { x }, &targets(3)).expect("a data set");
    assert!(data.select([2, 0, 2]).and_then(ArrayDataset::check_finite).is_ok());
    let bad = data.select([0, 2, 1]).and_then(ArrayDataset::check_finite);
    assert!(matches!(bad, Err(Error::NotFinite { name: "x", row: 2 })), "{bad:?}");
    assert!(data.select([]).and_then(ArrayDataset::check_finite).is_ok());
    // Valid samples may become invalid: weights multiply.
    let data = dataset(2).check_finite().expect("valid samples");
    let weights = LinesPerOutput { slope: Some(vec![1e30, 1.0]), pair: None };
    let data = data.sample_weights(&weights).expect("a large weight");
    let error = data.sample_weights(&weights).expect_err("its square");
    assert!(matches!(error, Error::SampleWeight { output: "slope", row: 0, .. }), "{error}");
}

#[test]
fn sample_weights_are_one_per_sample() {
    let weights = LinesPerOutput { slope: None, pair: Some(vec![1.0; 2]) };
    let error = dataset(3).sample_weights(&weights).expect_err("2 weights for 3 samples");
    assert_eq!(
        error.to_string(),
        "the weights or the mask of `pair` have 2 values, but 3 are needed, one per sample"
    );
    let data = dataset(2).sample_weights(&weights).expect("2 weights for 2 samples");
    assert!(Dataset::<Lines>::weighted(&data));
    assert!(!Dataset::<Lines>::weighted(&dataset(2)));
}

#[test]
fn class_weights_become_sample_weights() {
    let data = ArrayDataset::<Classes>::new(&inputs(4), &classes(&[2, 0, 255, 1])).expect("a data set");
    let data = data.sample_weights(&OneOutput(Some(vec![1.0, 2.0, 1.0, 1.0]))).expect("sample weights");
    let data = data.class_weights(&OneOutput(Some(vec![10.0, 1.0, 0.5]))).expect("class weights");
    assert_eq!(data.arrays().weights, [[0.5, 20.0, 1.0, 1.0]]);
    let error =
        data.clone().class_weights(&OneOutput(Some(vec![1.0; 2]))).expect_err("2 weights for 3 classes");
    assert_eq!(
        error.to_string(),
        "the weights or the mask of `class` have 2 values, but 3 are needed, one per class"
    );
    for wrong in [f64::NAN, f64::INFINITY, 1e300] {
        let error =
            data.clone().class_weights(&OneOutput(Some(vec![1.0, wrong, 1.0]))).expect_err("a weight");
        assert!(matches!(error, Error::ClassWeight { output: "class", class: 1, .. }), "{error}");
    }
    assert!(data.class_weights(&OneOutput(Some(vec![1.0, -1.0, 0.0]))).is_ok());
    let regression = LinesPerOutput::from_fn(|_| Some(vec![3.0, 4.0]));
    let error = dataset(2).class_weights(&regression).expect_err("a regression");
    assert!(matches!(error, Error::NoClasses { output: "slope", .. }), "{error}");
}

#[test]
fn selections_share_the_samples() {
    let data = dataset(10);
    let part = data.select([7, 1, 7]).expect("samples that are there");
    assert_eq!(Dataset::<Lines>::rows(&part), 3);
    let part = part.slice(1..3).expect("samples that are there");
    assert_eq!(Dataset::<Lines>::rows(&part), 2);
    assert!(std::ptr::eq(part.arrays(), data.arrays()));
    assert!(matches!(part.select([2]), Err(Error::NoSuchRow { row: 2, rows: 2 })));
}

#[test]
fn tensors_that_lie_otherwise_are_read_in_order() {
    use dfdx::shapes::{Axis, Const};
    use dfdx::tensor::{Cpu, TensorFromVec};
    use dfdx::tensor_ops::{BroadcastTo, PermuteTo};
    // Column by column in memory: a transposed tensor, and one value for all rows.
    let columns = Cpu::default().tensor_from_vec(vec![0.0, 1.0, 2.0, 10.0, 11.0, 12.0], (Const::<2>, 3));
    let x = columns.permute::<(usize, Const<2>), _>();
    let one = Cpu::default().tensor_from_vec(vec![5.0], (Const::<1>,));
    let slope = one.broadcast_like::<(usize, Const<1>), Axis<0>>(&(3, Const));
    let targets = LinesOutputs { slope, ..targets(3) };
    let data = ArrayDataset::<Lines>::new(&LinesInputs { x }, &targets).expect("a data set");
    assert_eq!(data.arrays().inputs, [[0.0, 10.0, 1.0, 11.0, 2.0, 12.0]]);
    assert_eq!(data.arrays().targets[0], [5.0; 3]);
}
