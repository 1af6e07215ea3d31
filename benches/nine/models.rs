//! The nine models, as `benches/peers/nine.py` builds them too, and data for them.

use mimo::prelude::*;
use mimo::{Error, Trainable};

model! {
    /// An image and a series: one probability.
    pub Sentiment {
        let image = Input(shape = [128, 128, 3]);
        let text = Input(shape = [100, 1]);
        let x = Flatten()(MaxPooling2D(2)(Conv2D(32, 3, activation = relu)(image)));
        let y = LSTM(64)(text);
        let sentiment = Dense(1, activation = sigmoid)(concatenate([x, y]));
        Model(inputs = [image, text], outputs = [sentiment]).compile(
            optimizer = Adam(),
            loss = binary_crossentropy,
            metrics = [accuracy],
        )
    }
}

model! {
    /// Three forecast horizons.
    pub Forecast {
        let series = Input(shape = [100, 1]);
        let x = LSTM(64)(series);
        let next = Dense(1)(x);
        let second = Dense(1)(x);
        let third = Dense(1)(x);
        Model(inputs = [series], outputs = [next, second, third]).compile(
            optimizer = Adam(),
            loss = mse,
            loss_weights = [1.0, 0.8, 0.5],
            metrics = mae,
        )
    }
}

model! {
    /// A diagnosis and a risk.
    pub Diagnosis {
        let ecg = Input(shape = [256, 1]);
        let pressure = Input(shape = [1]);
        let x = Flatten()(MaxPooling1D(2)(Conv1D(32, 3, activation = relu)(ecg)));
        let x = concatenate([x, pressure]);
        let diagnosis = Dense(3, activation = softmax)(x);
        let risk = Dense(1, activation = sigmoid)(x);
        Model(inputs = [ecg, pressure], outputs = [diagnosis, risk]).compile(
            optimizer = Adam(),
            loss = { diagnosis: categorical_crossentropy, risk: binary_crossentropy },
            loss_weights = { risk: 0.5 },
            metrics = accuracy,
        )
    }
}

model! {
    /// A number and a class.
    pub Mixed {
        let features = Input(shape = [100]);
        let x = Dense(64, activation = relu)(features);
        let x = Dense(32, activation = relu)(x);
        let value = Dense(1)(x);
        let kind = Dense(3, activation = softmax)(x);
        Model(inputs = [features], outputs = [value, kind]).compile(
            optimizer = Adam(),
            loss = { value: mse, kind: categorical_crossentropy },
            metrics = { value: [mae], kind: [accuracy] },
        )
    }
}

model! {
    /// A label vector and the image again.
    pub Reconstruction {
        let image = Input(shape = [28, 28, 1]);
        let x = Flatten()(MaxPooling2D(2)(Conv2D(32, 3, activation = relu)(image)));
        let x = Dense(64, activation = relu)(x);
        let label = Dense(10, activation = sigmoid)(x);
        let y = Dense(7 * 7 * 32, activation = relu)(x);
        let y = Reshape([7, 7, 32])(y);
        let y = Conv2DTranspose(32, 3, strides = 2, padding = same, activation = relu)(y);
        let again = Conv2DTranspose(1, 3, strides = 2, padding = same, activation = sigmoid)(y);
        Model(inputs = [image], outputs = [label, again]).compile(
            optimizer = Adam(),
            loss = { label: binary_crossentropy, again: mse },
            metrics = { label: [binary_accuracy], again: [mae] },
        )
    }
}

model! {
    /// Two heads on a shared layer.
    pub Shared {
        let features = Input(shape = [100]);
        let trunk = Dense(64, activation = relu)(features);
        let value = Dense(1)(Dense(32, activation = relu)(trunk));
        let kind = Dense(5, activation = softmax)(Dense(32, activation = relu)(trunk));
        Model(inputs = [features], outputs = [value, kind]).compile(
            optimizer = Adam(),
            loss = { value: mse, kind: categorical_crossentropy },
            metrics = { value: [mae], kind: [accuracy] },
        )
    }
}

model! {
    /// Three numbers.
    pub Triple {
        let features = Input(shape = [10]);
        let x = Dense(64, activation = relu)(features);
        let x = Dense(32, activation = relu)(x);
        let first = Dense(1)(x);
        let second = Dense(1)(x);
        let third = Dense(1)(x);
        Model(inputs = [features], outputs = [first, second, third]).compile(
            optimizer = Adam(),
            loss = mse,
            metrics = mae,
        )
    }
}

model! {
    /// A class and a number from an image.
    pub Picture {
        let image = Input(shape = [32, 32, 3]);
        let x = MaxPooling2D(2)(Conv2D(32, 3, activation = relu)(image));
        let x = MaxPooling2D(2)(Conv2D(64, 3, activation = relu)(x));
        let x = Flatten()(x);
        let kind = Dense(10, activation = softmax)(Dense(128, activation = relu)(x));
        let value = Dense(1)(Dense(64, activation = relu)(x));
        Model(inputs = [image], outputs = [kind, value]).compile(
            optimizer = Adam(),
            loss = { kind: categorical_crossentropy, value: mse },
            metrics = { kind: [accuracy], value: [mae] },
        )
    }
}

model! {
    /// Two heads on a sequence.
    pub Sequence {
        let series = Input(shape = [100, 50]);
        let x = LSTM(128)(series);
        let values = Dense(50)(Dense(64, activation = relu)(x));
        let kind = Dense(20, activation = softmax)(Dense(64, activation = relu)(x));
        Model(inputs = [series], outputs = [values, kind]).compile(
            optimizer = Adam(),
            loss = { values: mse, kind: categorical_crossentropy },
            metrics = { values: [mae], kind: [accuracy] },
        )
    }
}

/// A model whose data can be created from columns of numbers.
pub trait Net: Trainable<Float = f32> {
    /// Its number in the tables and among the tutorials.
    const NUMBER: usize;

    /// Creates the model with its own initial weights.
    fn fresh(seed: u64) -> Self;

    /// Typed inputs from a column per input.
    ///
    /// # Errors
    /// A column of another length.
    fn inputs(columns: &[Vec<f32>]) -> Result<Self::Inputs, Error>;

    /// Typed targets from a column per output.
    ///
    /// # Errors
    /// A column of another length.
    fn targets(columns: &[Vec<f32>]) -> Result<Self::Targets, Error>;

    /// The total loss that a step reports.
    fn total(logs: &Self::Logs) -> f64;
}

macro_rules! nets {
    ($($number:literal $net:ident $inputs:ident { $($input:ident),* } $targets:ident { $($target:ident),* })*) => {
        $(impl Net for $net {
            const NUMBER: usize = $number;

            fn fresh(seed: u64) -> Self {
                Self::new(seed)
            }

            fn inputs(columns: &[Vec<f32>]) -> Result<Self::Inputs, Error> {
                let mut columns = columns.iter().cloned();
                Ok($inputs { $($input: tensor(columns.next().unwrap_or_default())?),* })
            }

            fn targets(columns: &[Vec<f32>]) -> Result<Self::Targets, Error> {
                let mut columns = columns.iter().cloned();
                Ok($targets { $($target: tensor(columns.next().unwrap_or_default())?),* })
            }

            fn total(logs: &Self::Logs) -> f64 {
                logs.loss
            }
        })*

    };
}

nets! {
    1 Sentiment SentimentInputs { image, text } SentimentTargets { sentiment }
    2 Forecast ForecastInputs { series } ForecastTargets { next, second, third }
    3 Diagnosis DiagnosisInputs { ecg, pressure } DiagnosisTargets { diagnosis, risk }
    4 Mixed MixedInputs { features } MixedTargets { value, kind }
    5 Reconstruction ReconstructionInputs { image } ReconstructionTargets { label, again }
    6 Shared SharedInputs { features } SharedTargets { value, kind }
    7 Triple TripleInputs { features } TripleTargets { first, second, third }
    8 Picture PictureInputs { image } PictureTargets { kind, value }
    9 Sequence SequenceInputs { series } SequenceTargets { values, kind }
}

/// Calls a function that is generic over the nets with each of them, in order.
macro_rules! each_net {
    ($function:ident($($argument:expr),*)) => {
        [
            $function::<$crate::models::Sentiment>($($argument),*),
            $function::<$crate::models::Forecast>($($argument),*),
            $function::<$crate::models::Diagnosis>($($argument),*),
            $function::<$crate::models::Mixed>($($argument),*),
            $function::<$crate::models::Reconstruction>($($argument),*),
            $function::<$crate::models::Shared>($($argument),*),
            $function::<$crate::models::Triple>($($argument),*),
            $function::<$crate::models::Picture>($($argument),*),
            $function::<$crate::models::Sequence>($($argument),*),
        ]
    };
}
pub(crate) use each_net;
