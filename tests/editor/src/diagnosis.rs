//! A model of two inputs and two outputs, and its use.

use mimo::prelude::*;

model! {
    /// A diagnosis and a risk.
    pub Diagnosis {
        const UNITS: usize = 32;

        let ecg = Input(shape = [256]);
        let features = Dense(UNITS, activation = relu)(ecg);
        let diagnosis = Dense(3, activation = softmax)(features);
        let risk = Dense(1)(features);

        Model(inputs = [ecg], outputs = [diagnosis, risk]).compile(
            optimizer = Adam(learning_rate = 1e-3),
            loss = { diagnosis: categorical_crossentropy, risk: mse },
            loss_weights = { risk: 0.5 },
            metrics = { diagnosis: [accuracy] },
        )
    }
}

/// A use of everything that has the names of inputs and outputs.
pub fn use_it(model: &Diagnosis, ecg: Tensor<(usize, Const<256>), f32, Cpu>) -> Result<f32> {
    let outputs = model.forward(&DiagnosisInputs { ecg })?;
    Ok(outputs.diagnosis.array()[0][0])
}
