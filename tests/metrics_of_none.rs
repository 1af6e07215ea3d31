//! Metrics of an output whose loss is `none`: its targets are a field, and the values are the same as with a loss.

use mimo::prelude::*;

model! {
    Watched {
        let x = Input(shape = [2]);
        let y = Dense(2)(x);
        let z = Dense(3, activation = softmax)(x);
        let class = Dense(3, activation = softmax)(x);
        Model(inputs = [x], outputs = [y, z, class]).compile(
            optimizer = SGD(0.1),
            loss = { y: mse, z: none, class: none },
            metrics = { z: [mae, accuracy], class: [sparse_categorical_accuracy, accuracy] },
        )
    }
}

model! {
    Trained {
        let x = Input(shape = [2]);
        let y = Dense(2)(x);
        let z = Dense(3, activation = softmax)(x);
        let class = Dense(3, activation = softmax)(x);
        Model(inputs = [x], outputs = [y, z, class]).compile(
            optimizer = SGD(0.1),
            loss = { y: mse, z: mse, class: sparse_categorical_crossentropy },
            loss_weights = { y: 1.0, z: 1e-30, class: 1e-30 },
            metrics = { z: [mae, accuracy], class: [sparse_categorical_accuracy, accuracy] },
        )
    }
}

fn values(len: usize, seed: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 7919 + seed * 104_729) % 997) as f32 / 997.0 - 0.5).collect()
}

#[test]
fn they_are_computed() {
    let rows = 12;
    let x = || tensor(values(2 * rows, 1)).expect("samples");
    let (y, z) =
        (|| tensor(values(2 * rows, 2)).expect("samples"), || tensor(values(3 * rows, 3)).expect("samples"));
    let class = || tensor((0..rows).map(|row| row % 3).collect::<Vec<usize>>()).expect("samples");

    let mut watched = Watched::new(1);
    let mut trainer = Trainer::new(&mut watched).expect("a trainer");
    let targets = WatchedTargets { y: y(), z: z(), class: class() };
    let watched = trainer.evaluate((&WatchedInputs { x: x() }, &targets), 5).expect("an evaluation");

    let mut trained = Trained::new(1);
    let mut trainer = Trainer::new(&mut trained).expect("a trainer");
    let targets = TrainedTargets { y: y(), z: z(), class: class() };
    let trained = trainer.evaluate((&TrainedInputs { x: x() }, &targets), 5).expect("an evaluation");

    let keys = ["loss", "z_mae", "z_accuracy", "class_sparse_categorical_accuracy", "class_accuracy"];
    assert_eq!(watched.pairs().iter().map(|(key, _)| *key).collect::<Vec<_>>(), keys);
    for key in keys {
        assert_eq!(watched.get(key), trained.get(key), "{key}");
    }
    assert!(watched.z.mae > 0.0 && watched.class.accuracy > 0.0);
}
