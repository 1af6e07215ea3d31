//! Event files of a training run. `tests/tensorboard/read.py` lets TensorBoard itself read the files of this test.
#![cfg(feature = "tensorboard")]

use std::path::PathBuf;

use mimo::callbacks::TensorBoard;
use mimo::prelude::*;

model! {
    /// Two heads.
    Heads {
        let x = Input(shape = [4]);
        let h = Dense(8, activation = relu)(x);
        let kind = Dense(3, activation = softmax)(h);
        let risk = Dense(1, activation = sigmoid)(h);
        Model(inputs = [x], outputs = [kind, risk]).compile(
            optimizer = Adam(CosineDecay(0.01, 20)),
            loss = { kind: sparse_categorical_crossentropy, risk: binary_crossentropy },
            metrics = { kind: [accuracy], risk: [auc] },
        )
    }
}

#[test]
fn a_training_is_written_as_event_files() {
    // A given folder is kept, with the history next to the files.
    let kept = std::env::var_os("MIMO_EVENTS").map(PathBuf::from);
    let folder = kept
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("mimo-events-{}", std::process::id())));
    let rows = 40;
    let x: Vec<f32> = (0..rows * 4).map(|i| (i as f32 * 0.37).sin()).collect();
    let kinds: Vec<usize> = (0..rows).map(|row| row % 3).collect();
    let risks: Vec<f32> = (0..rows).map(|row| (row % 2) as f32).collect();
    let inputs = HeadsInputs { x: tensor(x).expect("a tensor") };
    let targets =
        HeadsTargets { kind: tensor(kinds).expect("a tensor"), risk: tensor(risks).expect("a tensor") };
    let mut model = Heads::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let history = trainer
        .fit_with((&inputs, &targets), |options| {
            options
                .verbose(Verbose::Silent)
                .epochs(5)
                .batch_size(8)
                .validation_split(0.2)
                .callback(TensorBoard::new(&folder).histogram_freq(1).update_freq(1))
        })
        .expect("a training");
    for part in ["train", "validation"] {
        let files: Vec<_> = std::fs::read_dir(folder.join(part)).expect("a folder").collect();
        assert_eq!(files.len(), 1);
        let len = files[0].as_ref().expect("a file").metadata().expect("a file").len();
        assert!(len > 500, "{part}: {len} bytes");
    }
    match kept {
        Some(folder) => std::fs::write(folder.join("history.csv"), history.to_csv()).expect("a file"),
        None => std::fs::remove_dir_all(&folder).expect("a folder"),
    }
}
