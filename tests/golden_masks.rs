//! Layers on tensors with masks compared with Keras's numbers: predictions, and the weights after a step.

mod support;

use mimo::Trainable;
use mimo::prelude::*;
use mimo_runtime::model::{Columns, Reader};
use serde_json::Value;
use support::{Data, Real, Tolerance, assert_close, entry, golden, numbers, rows, set_weights, step, wide};

/// A model whose inputs can be created from columns.
trait Case: Trainable<Float: Real> {
    fn make() -> Self;
    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs;
}

/// Index of the weight of a case by its name in a model: the names of wrapped layers may be left out.
fn place(case: &Value, name: &str) -> usize {
    let weights = case["weights"].as_array().expect("weights");
    let parts: Vec<&str> = name.split('/').collect();
    let fits = |weight: &Value| {
        let path: Vec<&str> = weight["path"].as_str().expect("a path").split('/').collect();
        parts.iter().all(|part| path.contains(part))
    };
    weights.iter().position(fits).unwrap_or_else(|| panic!("no weight `{name}`"))
}

fn check<M: Case>(tag: &str, tolerance: Tolerance) {
    let cases = golden("masks_of_layers.json");
    let case = entry(&cases, "tag", tag);
    let inputs: Vec<Vec<f64>> = case["inputs"].as_array().expect("inputs").iter().map(numbers).collect();
    let mut model = M::make();
    set_weights(&mut model, |name, _| numbers(&case["weights"][place(case, name)]));

    let outputs = model_outputs(&model, &M::inputs(&inputs));
    assert_close(&format!("{tag}: output"), &outputs, &numbers(&case["output"]), tolerance);

    let data = Data {
        rows: rows(&case["target"]),
        inputs,
        targets: vec![numbers(&case["target"])],
        weights: vec![],
    };
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    step(&mut trainer, &data).expect("a step");
    for (weight, found) in M::SPEC.weights.iter().zip(trainer.weights()) {
        let what = format!("{tag}: `{}` after a step", weight.name);
        assert_close(&what, &wide(&found), &numbers(&case["after"][place(case, weight.name)]), tolerance);
    }
}

fn model_outputs<M: Case>(model: &M, inputs: &M::Inputs) -> Vec<f64> {
    let outputs = Predictor::new(model).expect("a predictor").predict(inputs).expect("outputs");
    let mut columns = vec![vec![]];
    outputs.read(&mut Reader::new(&mut columns)).expect("columns");
    wide(&columns[0])
}

/// Number of inputs.
pub(crate) trait Number: Sized {
    fn of(value: f64) -> Self;

    fn column(values: &[f64]) -> Vec<Self> {
        values.iter().map(|&value| Self::of(value)).collect()
    }
}

impl Number for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }
}

impl Number for f64 {
    fn of(value: f64) -> Self {
        value
    }
}

impl Number for usize {
    fn of(value: f64) -> Self {
        value as usize
    }
}

macro_rules! cases {
    ($($test:ident: $tag:literal, $model:ident, $inputs:ident, [$($input:ident),+] { $($body:tt)* })+) => {$(
        mod $test {
            use mimo::prelude::*;
            use crate::Number;
            use crate::support::{F32, F64, Real};

            model! {
                #[allow(mimo::lost_mask)]
                $model {
                    $($body)*
                    Model(inputs = [$($input),+], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
                }
            }

            impl<E: Real + Number> super::Case for $model<E>
            where
                mimo::dfdx::tensor::Cpu: mimo::dfdx::tensor_ops::Device<E>,
            {
                fn make() -> Self {
                    $model::build(1)
                }

                fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
                    let mut columns = columns.iter();
                    let mut next = || columns.next().expect("a column");
                    $inputs { $($input: tensor(Number::column(next())).expect("samples")),+ }
                }
            }

            #[test]
            fn in_f32() {
                super::check::<$model<f32>>($tag, F32);
            }

            #[test]
            fn in_f64() {
                super::check::<$model<f64>>($tag, F64);
            }
        }
    )+};
}

cases! {
    lstm: "lstm", Lstm, LstmInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let y = LSTM(4, name = "layer")(Dense(3, name = "first")(x), mask = m);
    }
    lstm_sequences: "lstm sequences", Sequences, SequencesInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let y = Flatten()(LSTM(4, return_sequences = true, name = "layer")(Dense(3, name = "first")(x), mask = m));
    }
    lstm_backwards: "lstm backwards", Backwards, BackwardsInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let read = LSTM(4, go_backwards = true, return_sequences = true, return_state = true, name = "layer");
        let (y, h, c) = read(Dense(3, name = "first")(x), mask = m);
        let y = concatenate([Flatten()(y), h, c]);
    }
    lstm_from_states: "lstm from states", States, StatesInputs, [x, m, s] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let s = Input(shape = [2]);
        let h = Dense(4, name = "h")(s);
        let c = Dense(4, name = "c")(s);
        let read = LSTM(4, return_sequences = true, return_state = true, name = "layer");
        let (y, h, c) = read(Dense(3, name = "first")(x), initial_state = [h, c], mask = m);
        let y = concatenate([Flatten()(y), h, c]);
    }
    lstm_last_from_states: "lstm last from states", Last, LastInputs, [x, m, s] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let s = Input(shape = [2]);
        let h = Dense(4, name = "h")(s);
        let c = Dense(4, name = "c")(s);
        let y = LSTM(4, name = "layer")(Dense(3, name = "first")(x), mask = m, initial_state = [h, c]);
    }
    lstm_activations: "lstm activations", Activations, ActivationsInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let read = LSTM(
            4, activation = softsign, recurrent_activation = hard_sigmoid,
            return_sequences = true, return_state = true, name = "layer",
        );
        let (y, h, c) = read(Dense(3, name = "first")(x), mask = m);
        let y = concatenate([Flatten()(y), h, c]);
    }
    gru: "gru", Gru, GruInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let y = GRU(4, name = "layer")(Dense(3, name = "first")(x), mask = m);
    }
    gru_sequences: "gru sequences", GruSequences, GruSequencesInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let read = GRU(4, return_sequences = true, return_state = true, name = "layer");
        let (y, h) = read(Dense(3, name = "first")(x), mask = m);
        let y = concatenate([Flatten()(y), h]);
    }
    gru_backwards_from_state: "gru backwards from state", GruState, GruStateInputs, [x, m, s] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let s = Input(shape = [2]);
        let h = Dense(4, name = "h")(s);
        let read = GRU(4, go_backwards = true, return_sequences = true, return_state = true, name = "layer");
        let (y, h) = read(Dense(3, name = "first")(x), mask = m, initial_state = h);
        let y = concatenate([Flatten()(y), h]);
    }
    gru_before: "gru before", Before, BeforeInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let read = GRU(4, reset_after = false, return_sequences = true, return_state = true, name = "layer");
        let (y, h) = read(Dense(3, name = "first")(x), mask = m);
        let y = concatenate([Flatten()(y), h]);
    }
    gru_before_from_state: "gru before from state", BeforeState, BeforeStateInputs, [x, m, s] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let s = Input(shape = [2]);
        let h = Dense(4, name = "h")(s);
        let read = GRU(4, reset_after = false, return_sequences = true, return_state = true, name = "layer");
        let (y, h) = read(Dense(3, name = "first")(x), mask = m, initial_state = h);
        let y = concatenate([Flatten()(y), h]);
    }
    lstm_zeros: "lstm zeros", Zeros, ZerosInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let read = LSTM(4, zero_output_for_mask = true, return_sequences = true, return_state = true, name = "layer");
        let (y, h, c) = read(Dense(3, name = "first")(x), mask = m);
        let y = concatenate([Flatten()(y), h, c]);
    }
    gru_zeros_last: "gru zeros last", ZerosLast, ZerosLastInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let y = GRU(4, zero_output_for_mask = true, name = "layer")(Dense(3, name = "first")(x), mask = m);
    }
    rnn_zeros_backwards: "rnn zeros backwards", ZerosBack, ZerosBackInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let read = SimpleRNN(4, zero_output_for_mask = true, go_backwards = true, return_sequences = true, return_state = true, name = "layer");
        let (y, h) = read(Dense(3, name = "first")(x), mask = m);
        let y = concatenate([Flatten()(y), h]);
    }
    rnn: "rnn", Rnn, RnnInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let read = SimpleRNN(4, return_sequences = true, return_state = true, name = "layer");
        let (y, h) = read(Dense(3, name = "first")(x), mask = m);
        let y = concatenate([Flatten()(y), h]);
    }
    rnn_last_from_state: "rnn last from state", RnnState, RnnStateInputs, [x, m, s] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let s = Input(shape = [2]);
        let h = Dense(4, name = "h")(s);
        let y = SimpleRNN(4, name = "layer")(Dense(3, name = "first")(x), mask = m, initial_state = h);
    }
}

cases! {
    bidirectional: "bi concat", Concat, ConcatInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let both = Bidirectional(LSTM(4, return_sequences = true, name = "inside"), name = "layer");
        let y = Flatten()(both(Dense(3, name = "first")(x), mask = m));
    }
    bidirectional_sum: "bi sum", Sum, SumInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let both = Bidirectional(GRU(4, return_sequences = true, name = "inside"), merge_mode = sum, name = "layer");
        let y = Flatten()(both(Dense(3, name = "first")(x), mask = m));
    }
    bidirectional_mul: "bi mul", Mul, MulInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let both = Bidirectional(SimpleRNN(4, return_sequences = true, name = "inside"), merge_mode = mul, name = "layer");
        let y = Flatten()(both(Dense(3, name = "first")(x), mask = m));
    }
    bidirectional_ave: "bi ave", Ave, AveInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let both = Bidirectional(LSTM(4, name = "inside"), merge_mode = ave, name = "layer");
        let y = both(Dense(3, name = "first")(x), mask = m);
    }
    bidirectional_none: "bi none", Neither, NeitherInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let both = Bidirectional(LSTM(4, return_sequences = true, return_state = true, name = "inside"), merge_mode = none, name = "layer");
        let (p, q, a, b, c, d) = both(Dense(3, name = "first")(x), mask = m);
        let y = concatenate([Flatten()(p), Flatten()(q), a, b, c, d]);
    }
    bidirectional_from_states: "bi from states", BiStates, BiStatesInputs, [x, m, s] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let s = Input(shape = [2]);
        let h = Dense(4, name = "h")(s);
        let c = Dense(4, name = "c")(s);
        let p = Dense(4, name = "p")(s);
        let q = Dense(4, name = "q")(s);
        let both = Bidirectional(LSTM(4, return_sequences = true, name = "inside"), name = "layer");
        let y = Flatten()(both(Dense(3, name = "first")(x), mask = m, initial_state = [h, c, p, q]));
    }
    time_distributed: "td lstm", Steps, StepsInputs, [x, m] {
        let x = Input(shape = [2, 5, 3]);
        let m = Input(shape = [2, 5]);
        let y = Flatten()(TimeDistributed(LSTM(4), name = "layer")(Dense(3, name = "first")(x), mask = m));
    }
    stacked: "stacked", Stacked, StackedInputs, [ids] {
        let ids = Input(shape = [5], dtype = "int32");
        let h = LSTM(4, return_sequences = true, name = "a")(Embedding(7, 3, mask_zero = true, name = "embed")(ids));
        let h = GRU(3, return_sequences = true, name = "b")(Dropout(0.0)(h));
        let y = SimpleRNN(2, name = "c")(LayerNormalization(name = "norm")(h));
    }
    translated: "translated", Translated, TranslatedInputs, [ids, other] {
        let ids = Input(shape = [5], dtype = "int32");
        let other = Input(shape = [5], dtype = "int32");
        let encoder = LSTM(4, return_state = true, name = "encoder");
        let (_, h, c) = encoder(Embedding(7, 3, mask_zero = true, name = "from")(ids));
        let read = LSTM(4, return_sequences = true, name = "decoder");
        let y = read(Embedding(7, 3, mask_zero = true, name = "to")(other), initial_state = [h, c]);
        let y = Flatten()(TimeDistributed(Dense(2), name = "words")(y));
    }
}

cases! {
    masking: "masking", Masked, MaskedInputs, [x] {
        let x = Input(shape = [5, 3]);
        let y = LSTM(4, name = "layer")(Masking()(x));
    }
    masking_value: "masking value", Value, ValueInputs, [x] {
        let x = Input(shape = [5, 3]);
        let y = LSTM(4, name = "layer")(Dense(3, name = "first")(Masking(-1.0)(x)));
    }
    masking_trained: "masking trained", TrainedMask, TrainedMaskInputs, [x] {
        let x = Input(shape = [5, 3]);
        let h = Masking(mask_value = 0.0)(Dense(3, use_bias = false, name = "first")(x));
        let y = Flatten()(LSTM(4, return_sequences = true, name = "layer")(h));
    }
    masking_again: "masking again", Again, AgainInputs, [ids] {
        let ids = Input(shape = [5], dtype = "int32");
        let h = Embedding(7, 3, mask_zero = true, name = "embed")(ids);
        let y = LSTM(4, name = "layer")(Masking()(Dense(3, activation = relu, name = "first")(h)));
    }
    mean: "mean", Mean, MeanInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let y = GlobalAveragePooling1D()(Dense(3, name = "first")(x), mask = m);
    }
    mean_of_words: "mean of words", MeanWords, MeanWordsInputs, [ids] {
        let ids = Input(shape = [5], dtype = "int32");
        let h = Embedding(7, 3, mask_zero = true, name = "embed")(ids);
        let y = Dense(2, name = "last")(GlobalAveragePooling1D(keepdims = true)(h));
    }
    norm: "norm", Norm, NormInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let y = Flatten()(BatchNormalization(momentum = 0.9, name = "layer")(Dense(3, name = "first")(x), mask = m));
    }
    norm_of_the_first_axis: "norm first axis", NormFirst, NormFirstInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        let norm = BatchNormalization(axis = 1, momentum = 0.9, name = "layer");
        let y = Flatten()(norm(Dense(3, name = "first")(x), mask = m));
    }
    norm_of_words: "norm of words", NormWords, NormWordsInputs, [ids] {
        let ids = Input(shape = [5], dtype = "int32");
        let h = Embedding(7, 3, mask_zero = true, name = "embed")(ids);
        let y = LSTM(4, name = "layer")(BatchNormalization(momentum = 0.9, scale = false, name = "norm")(h));
    }
    norm_of_grids: "norm of grids", NormGrids, NormGridsInputs, [x, m] {
        let x = Input(shape = [2, 5, 3]);
        let m = Input(shape = [2, 5]);
        let y = Flatten()(BatchNormalization(momentum = 0.9, name = "layer")(Dense(3, name = "first")(x), mask = m));
    }
    softmax: "softmax", SoftmaxOf, SoftmaxOfInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5]);
        // The loss of the case does not use the mask, which the output would have.
        let y = Flatten()(Softmax()(Dense(5, name = "first")(Flatten()(x)), mask = m));
    }
    softmax_of_channels: "softmax of channels", Channels, ChannelsInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [1, 3]);
        let y = Flatten()(Softmax()(Dense(3, name = "first")(x), mask = m));
    }
    softmax_of_steps: "softmax of steps", OfSteps, OfStepsInputs, [x, m] {
        let x = Input(shape = [5, 3]);
        let m = Input(shape = [5, 1]);
        let y = Flatten()(Softmax()(Dense(3, name = "first")(x), mask = m));
    }
    added: "add", Added, AddedInputs, [ids, other] {
        let ids = Input(shape = [5], dtype = "int32");
        let other = Input(shape = [5], dtype = "int32");
        let p = Embedding(7, 3, mask_zero = true, name = "p")(ids);
        let q = Embedding(7, 3, mask_zero = true, name = "q")(other);
        let y = LSTM(4, name = "layer")(Add()([p, q]));
    }
    subtracted: "subtract", Subtracted, SubtractedInputs, [ids, other] {
        let ids = Input(shape = [5], dtype = "int32");
        let other = Input(shape = [5], dtype = "int32");
        let p = Embedding(7, 3, mask_zero = true, name = "p")(ids);
        let q = Embedding(7, 3, mask_zero = true, name = "q")(other);
        let y = LSTM(4, name = "layer")(p - q);
    }
    averaged: "average", Averaged, AveragedInputs, [ids, other] {
        let ids = Input(shape = [5], dtype = "int32");
        let other = Input(shape = [5], dtype = "int32");
        let p = Embedding(7, 3, mask_zero = true, name = "p")(ids);
        let q = Embedding(7, 3, mask_zero = true, name = "q")(other);
        let y = LSTM(4, name = "layer")(average([p, q]));
    }
    added_without: "add without", Without, WithoutInputs, [ids, x] {
        let ids = Input(shape = [5], dtype = "int32");
        let x = Input(shape = [5, 3]);
        let p = Embedding(7, 3, mask_zero = true, name = "embed")(ids);
        let y = LSTM(4, name = "layer")(Add()([p, Dense(3, name = "first")(x)]));
    }
    features: "concatenate features", Features, FeaturesInputs, [ids, other] {
        let ids = Input(shape = [5], dtype = "int32");
        let other = Input(shape = [5], dtype = "int32");
        let p = Embedding(7, 3, mask_zero = true, name = "p")(ids);
        let q = Embedding(7, 3, mask_zero = true, name = "q")(other);
        let y = LSTM(4, name = "layer")(concatenate([p, q]));
    }
    steps: "concatenate steps", Longer, LongerInputs, [ids, other] {
        let ids = Input(shape = [5], dtype = "int32");
        let other = Input(shape = [5], dtype = "int32");
        let p = Embedding(7, 3, mask_zero = true, name = "p")(ids);
        let q = Embedding(7, 3, mask_zero = true, name = "q")(other);
        let y = LSTM(4, name = "layer")(Concatenate(axis = 1)([p, q]));
    }
    steps_without: "concatenate without", Partly, PartlyInputs, [ids, x] {
        let ids = Input(shape = [5], dtype = "int32");
        let x = Input(shape = [5, 3]);
        let p = Embedding(7, 3, mask_zero = true, name = "embed")(ids);
        let y = LSTM(4, name = "layer")(Concatenate(axis = 1)([p, Dense(3, name = "first")(x)]));
    }
}

cases! {
    multiply_values: "multiply", MultiplyValues, MultiplyValuesInputs, [ids, other] {
        let ids = Input(shape = [5], dtype = "int32");
        let other = Input(shape = [5], dtype = "int32");
        let p = Embedding(7, 3, mask_zero = true, name = "p")(ids);
        let q = Embedding(7, 3, mask_zero = true, name = "q")(other);
        let y = Flatten()(Multiply()([p, q]));
    }
    multiply_read: "multiply read", MultiplyRead, MultiplyReadInputs, [ids, other] {
        let ids = Input(shape = [5], dtype = "int32");
        let other = Input(shape = [5], dtype = "int32");
        let p = Embedding(7, 3, mask_zero = true, name = "p")(ids);
        let q = Embedding(7, 3, mask_zero = true, name = "q")(other);
        let y = LSTM(4, name = "layer")(multiply([p, q]));
    }
    multiply_alike: "multiply alike", MultiplyAlike, MultiplyAlikeInputs, [ids] {
        let ids = Input(shape = [5], dtype = "int32");
        let h = Embedding(7, 3, mask_zero = true, name = "embed")(ids);
        let y = Flatten()(Multiply()([h, Dense(3, name = "first")(h)]));
    }
    multiply_without: "multiply without", MultiplyWithout, MultiplyWithoutInputs, [ids, x] {
        let ids = Input(shape = [5], dtype = "int32");
        let x = Input(shape = [5, 3]);
        let h = Embedding(7, 3, mask_zero = true, name = "embed")(ids);
        let y = Flatten()(Multiply()([h, Dense(3, name = "first")(x)]));
    }
    maximum_values: "maximum", MaximumValues, MaximumValuesInputs, [ids, other] {
        let ids = Input(shape = [5], dtype = "int32");
        let other = Input(shape = [5], dtype = "int32");
        let p = Embedding(7, 3, mask_zero = true, name = "p")(ids);
        let q = Embedding(7, 3, mask_zero = true, name = "q")(other);
        let y = Flatten()(Maximum()([p, q]));
    }
    maximum_read: "maximum read", MaximumRead, MaximumReadInputs, [ids, other] {
        let ids = Input(shape = [5], dtype = "int32");
        let other = Input(shape = [5], dtype = "int32");
        let p = Embedding(7, 3, mask_zero = true, name = "p")(ids);
        let q = Embedding(7, 3, mask_zero = true, name = "q")(other);
        let y = LSTM(4, name = "layer")(maximum([p, q]));
    }
    maximum_alike: "maximum alike", MaximumAlike, MaximumAlikeInputs, [ids] {
        let ids = Input(shape = [5], dtype = "int32");
        let h = Embedding(7, 3, mask_zero = true, name = "embed")(ids);
        let y = Flatten()(Maximum()([h, Dense(3, name = "first")(h)]));
    }
    maximum_without: "maximum without", MaximumWithout, MaximumWithoutInputs, [ids, x] {
        let ids = Input(shape = [5], dtype = "int32");
        let x = Input(shape = [5, 3]);
        let h = Embedding(7, 3, mask_zero = true, name = "embed")(ids);
        let y = Flatten()(Maximum()([h, Dense(3, name = "first")(x)]));
    }
    minimum_values: "minimum", MinimumValues, MinimumValuesInputs, [ids, other] {
        let ids = Input(shape = [5], dtype = "int32");
        let other = Input(shape = [5], dtype = "int32");
        let p = Embedding(7, 3, mask_zero = true, name = "p")(ids);
        let q = Embedding(7, 3, mask_zero = true, name = "q")(other);
        let y = Flatten()(Minimum()([p, q]));
    }
    minimum_of_three: "minimum of three", MinimumThree, MinimumThreeInputs, [ids, other, third] {
        let ids = Input(shape = [5], dtype = "int32");
        let other = Input(shape = [5], dtype = "int32");
        let third = Input(shape = [5], dtype = "int32");
        let p = Embedding(7, 3, mask_zero = true, name = "p")(ids);
        let q = Embedding(7, 3, mask_zero = true, name = "q")(other);
        let r = Embedding(7, 3, mask_zero = true, name = "r")(third);
        let y = Flatten()(Minimum()([p, q, r]));
    }
    minimum_first_without: "minimum first without", MinimumFirst, MinimumFirstInputs, [ids, x, other] {
        let ids = Input(shape = [5], dtype = "int32");
        let x = Input(shape = [5, 3]);
        let other = Input(shape = [5], dtype = "int32");
        let p = Embedding(7, 3, mask_zero = true, name = "p")(ids);
        let q = Embedding(7, 3, mask_zero = true, name = "q")(other);
        let y = Flatten()(Minimum()([Dense(3, name = "first")(x), p, q]));
    }
    spectral: "spectral", Spectral, SpectralInputs, [ids] {
        let ids = Input(shape = [5], dtype = "int32");
        let h = Embedding(7, 3, mask_zero = true, name = "embed")(ids);
        let y = LSTM(4, name = "layer")(SpectralNormalization(Dense(3, name = "inside"), name = "norm")(h));
    }
}
