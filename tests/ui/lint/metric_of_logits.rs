use mimo::prelude::*;

model! {
    #[deny(mimo::metric_of_logits)]
    Net {
        let x = Input(shape = [4]);
        let y = Dense(1)(x);
        let z = Dense(1, activation = sigmoid)(x);
        Model(inputs = [x], outputs = [y, z]).compile(
            loss = { y: binary_crossentropy(from_logits = true), z: binary_crossentropy },
            metrics = { y: [auc, Precision(), PrecisionAtRecall(0.5)], z: [AUC(from_logits = true)] },
        )
    }
}

fn main() {}
