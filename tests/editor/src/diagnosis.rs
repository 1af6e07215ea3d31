//! Two inputs and two outputs, and all generated items with their names.

use mimo::prelude::*;

model! {
    /// A diagnosis and a risk, from an electrocardiogram and one blood pressure.
    pub Diagnosis {
        const FILTERS: usize = 32;

        let ecg = Input(shape = [256, 1]);
        let pressure = Input(shape = [1]);

        let x = Conv1D(FILTERS, 3, activation = relu, kernel_initializer = HeNormal(seed = 1))(ecg);
        let x: [127, FILTERS] = MaxPooling1D(2, padding = valid)(x);
        let x = Flatten()(x);
        let features = concatenate([x, pressure]);

        let diagnosis = Dense(3, activation = softmax, kernel_regularizer = L2(1e-4))(features);
        let risk = Dense(1, "sigmoid")(features);

        Model(inputs = [ecg, pressure], outputs = [diagnosis, risk]).compile(
            optimizer = Adam(learning_rate = 1e-3),
            loss = { diagnosis: categorical_crossentropy, risk: binary_crossentropy },
            loss_weights = { diagnosis: 1.0, risk: 0.5 },
            metrics = { diagnosis: [accuracy], risk: [auc, AUC(curve = PR, name = "auc_pr")] },
        )
    }
}

/// All items of the model in a program, by their names.
pub fn names(
    model: &Diagnosis,
    inputs: &DiagnosisInputs,
    outputs: &DiagnosisOutputs,
    targets: DiagnosisTargets,
    logs: &DiagnosisLogs,
) -> f64 {
    let _ = (&inputs.pressure, &outputs.diagnosis, &model.conv1d.kernel);
    let DiagnosisTargets { diagnosis, risk } = targets;
    let weights = DiagnosisPerOutput { diagnosis: 1.0, risk: 0.5 };
    drop((diagnosis, risk));
    weights.risk * logs.diagnosis.accuracy + Diagnosis::FILTERS as f64
}
