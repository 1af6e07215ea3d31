use mimo::prelude::*;

model! {
    #[deny(mimo::constant_metric)]
    Net {
        let x = Input(shape = [4]);
        let y = Dense(1, activation = sigmoid)(x);
        let z = Dense(3, activation = softmax)(x);
        Model(inputs = [x], outputs = [y, z]).compile(
            loss = { y: binary_crossentropy, z: categorical_crossentropy },
            metrics = { y: [F1Score(average = micro), PearsonCorrelation()], z: [TopKCategoricalAccuracy()] },
        )
    }
}

fn main() {}
