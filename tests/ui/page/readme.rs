use mimo::prelude::*;

model! {
    /// A diagnosis and a risk from an electrocardiogram and a blood panel.
    pub Patient {
        let ecg = Input(shape = [256, 1]);
        let panel = Input(shape = [24]);

        let x = MaxPooling1D(4)(Conv1D(16, 5, activation = relu)(ecg));
        let rhythm: [32] = GlobalAveragePooling1D()(x);
        let features = Dense(32, activation = relu)(concatenate([rhythm, panel]));

        let diagnosis = Dense(3, activation = softmax)(features);
        let risk = Dense(1, activation = softmax)(features);

        Model(inputs = [ecg, panel], outputs = [diagnosis, risk]).compile(
            optimizer = Adam(learning_rate = 1e-3),
            loss = {
                features: sparse_categorical_crossentropy,
                risk: binary_crossentropy,
            },
            metrics = { diagnosis: [accuracy], risk: [auc] },
        )
    }
}

fn main() {}
