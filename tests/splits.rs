//! Splits of data sets in memory, and weights and samples that balance classes.

use mimo::data::Dataset;
use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [1]);
        let kind = Dense(3, activation = softmax)(x);
        let number = Dense(1)(x);
        let flag = Dense(1, activation = sigmoid)(x);
        Model(inputs = [x], outputs = [kind, number, flag]).compile(
            optimizer = SGD(0.0),
            loss = { kind: sparse_categorical_crossentropy, number: mse, flag: binary_crossentropy },
        )
    }
}

/// Samples whose input is their index: 6 of class 0, 3 of class 1, 1 of class 2, and 2 without a class.
const KINDS: [usize; 12] = [0, 0, 1, 0, 9, 0, 2, 1, 0, 9, 1, 0];

fn data() -> Result<ArrayDataset<Net>> {
    let numbers: Vec<f32> = (0..12).map(|row| row as f32).collect();
    let targets = NetTargets {
        kind: tensor(KINDS.to_vec())?,
        number: tensor(numbers.clone())?,
        flag: tensor((0..12).map(|row| f32::from(u8::from(row < 3))).collect::<Vec<_>>())?,
    };
    let mask = KINDS.iter().map(|kind| *kind < 3).collect::<Vec<bool>>();
    let mask = NetPerOutput { kind: Some(mask), number: None, flag: None };
    ArrayDataset::with_target_mask(&NetInputs { x: tensor(numbers)? }, &targets, &mask)
}

/// The indices of the samples of a set, in order.
fn numbers(data: &ArrayDataset<Net>) -> Vec<usize> {
    let seen = std::sync::Mutex::new(vec![]);
    let spy = mimo::data::augment::<Net, _, _>(data, 0, |batch, _| {
        let rows = batch.rows();
        seen.lock().expect("no panic").extend(batch.input(0)[..rows].iter().map(|value| *value as usize));
        Ok(())
    });
    let mut model = Net::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.fit(&spy, FitOptions::new().shuffle(false).verbose(Verbose::Silent)).expect("trained");
    seen.into_inner().expect("no panic")
}

fn together(parts: &(ArrayDataset<Net>, ArrayDataset<Net>)) -> Vec<usize> {
    let mut all = [numbers(&parts.0), numbers(&parts.1)].concat();
    all.sort_unstable();
    all
}

#[test]
fn parts_have_every_sample_once() -> Result<()> {
    let data = data()?;
    let all: Vec<usize> = (0..12).collect();
    let shuffled = data.shuffled_split(0.25, 1)?;
    assert_eq!((together(&shuffled), numbers(&shuffled.1).len()), (all.clone(), 3));
    assert_eq!(numbers(&data.shuffled_split(0.25, 1)?.1), numbers(&shuffled.1));
    assert_ne!(numbers(&data.shuffled_split(0.25, 2)?.1), numbers(&shuffled.1));

    let stratified = data.stratified_split("kind", 1.0 / 3.0, 5)?;
    assert_eq!(together(&stratified), all);
    let held_out: Vec<usize> = numbers(&stratified.1).iter().map(|row| KINDS[*row]).collect();
    let count = |kind| held_out.iter().filter(|it| **it == kind).count();
    assert_eq!((count(0), count(1)), (2, 1), "{held_out:?}");

    let patients: Vec<String> = (0..12).map(|row| format!("patient {}", row / 3)).collect();
    let grouped = data.group_split(&patients, 0.25, 1)?;
    let held_out = numbers(&grouped.1);
    assert_eq!((together(&grouped), held_out.len()), (all.clone(), 3));
    assert!(held_out.iter().all(|row| row / 3 == held_out[0] / 3), "{held_out:?}");

    for folds in
        [data.k_fold(4, 3)?, data.stratified_k_fold("kind", 4, 3)?, data.group_k_fold(&patients, 4, 3)?]
    {
        let mut held_out: Vec<usize> = folds.iter().flat_map(|fold| numbers(&fold.1)).collect();
        held_out.sort_unstable();
        assert_eq!(held_out, all);
        assert!(folds.iter().all(|fold| together(fold) == all));
    }
    // A part of a part.
    let (train, _) = data.slice(0..8)?.shuffled_split(0.5, 1)?;
    assert!(numbers(&train).iter().all(|row| *row < 8));
    Ok(())
}

#[test]
fn what_cannot_be_split_is_an_error() -> Result<()> {
    let data = data()?;
    let text =
        |result: Result<(ArrayDataset<Net>, ArrayDataset<Net>)>| result.expect_err("an error").to_string();
    assert_eq!(text(data.shuffled_split(1.5, 1)), "a validation split is at least 0 and below 1, not 1.5");
    assert_eq!(
        text(data.shuffled_split(0.0, 1)),
        "a validation split of 0 leaves one part of 12 samples empty"
    );
    assert_eq!(
        text(data.stratified_split("kinds", 0.5, 1)),
        "the model has no output `kinds`; did you mean `kind`?"
    );
    assert!(matches!(
        data.stratified_split("number", 0.5, 1),
        Err(Error::NoClasses { output: "number", .. })
    ));
    assert_eq!(
        text(data.group_split(&[1, 2], 0.5, 1)),
        "2 keys of groups for 12 samples; each sample has one"
    );
    assert!(text(data.group_split(&[1; 12], 0.5, 1)).contains("leaves one part"));
    assert!(matches!(data.k_fold(1, 0), Err(Error::Folds { folds: 1, rows: 12 })));
    assert!(matches!(data.k_fold(13, 0), Err(Error::Folds { .. })));
    assert!(matches!(data.group_k_fold(&[1; 12], 2, 0), Err(Error::Folds { folds: 2, rows: 1 })));
    Ok(())
}

#[test]
fn balanced_weights_and_samples() -> Result<()> {
    // scikit-learn's compute_class_weight("balanced", classes=[0, 1, 2], y=[0]*6 + [1]*3 + [2]): 10 / (3 * [6, 3, 1]).
    let weighted = data()?.balanced_class_weights(&NetPerOutput { kind: true, number: false, flag: true })?;
    let by_hand = data()?.class_weights(&NetPerOutput {
        kind: Some([6.0, 3.0, 1.0].map(|count| 10.0 / (3.0 * count)).to_vec()),
        number: None,
        flag: Some(vec![12.0 / 18.0, 12.0 / 6.0]),
    })?;
    let loss = |data: &ArrayDataset<Net>| {
        let mut model = Net::new(1);
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        trainer.evaluate(data, 5).expect("evaluated").loss
    };
    assert_eq!(loss(&weighted).to_bits(), loss(&by_hand).to_bits());
    assert_ne!(loss(&weighted).to_bits(), loss(&data()?).to_bits());
    let error = data()?.balanced_class_weights(&NetPerOutput { kind: false, number: true, flag: false });
    assert!(matches!(error, Err(Error::NoClasses { output: "number", .. })));

    let more = data()?.oversampled("kind", 4)?;
    let mut kinds: Vec<usize> = numbers(&more).iter().map(|row| KINDS[*row]).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [[0; 6], [1; 6], [2; 6]].concat());
    assert_eq!(Dataset::<Net>::rows(&more), 18);
    assert!(matches!(data()?.slice(4..5)?.oversampled("kind", 4), Err(Error::NoData)));
    Ok(())
}

#[test]
fn columns_of_a_data_set_have_the_lengths_of_the_model() -> Result<()> {
    let columns = |x: usize, targets: [usize; 3]| {
        let targets = targets.iter().map(|len| vec![0.0; *len]).collect();
        ArrayDataset::<Net>::from_columns(4, vec![vec![0.0; x]], targets)
    };
    assert!(columns(4, [4, 4, 4])?.check_finite().is_ok());
    assert!(matches!(columns(3, [4, 4, 4]), Err(Error::ColumnLength { index: 0, len: 3, wanted: 4 })));
    // A class index is one value.
    assert!(matches!(columns(4, [12, 4, 4]), Err(Error::ColumnLength { index: 0, len: 12, wanted: 4 })));
    let fewer = ArrayDataset::<Net>::from_columns(4, vec![vec![0.0; 4]], vec![vec![0.0; 4]; 2]);
    assert!(matches!(fewer, Err(Error::ColumnLength { index: 2, len: 0, wanted: 4 })));
    assert!(matches!(
        ArrayDataset::<Net>::from_columns(0, vec![vec![]], vec![vec![]; 3]),
        Err(Error::NoData)
    ));
    Ok(())
}
