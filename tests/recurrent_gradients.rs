//! Gradients of recurrent layers and their wrappers compared with differences of losses.

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Model, model};
use support::{Check, check_gradients};

/// A length from another module.
const STEPS: usize = 3;

/// One test per model; fields of [`Check`] may be given.
macro_rules! gradients {
    ($($test:ident $model:ident $(, $field:ident = $value:expr)*; { $($body:tt)* })+) => {$(
        model! { $model { $($body)* } }

        #[test]
        fn $test() {
            check_gradients(&mut $model::<f64>::build(1), Check { $($field: $value,)* ..Check::default() });
        }
    )+};
}

gradients! {
    lstms_in_a_stack Stack; {
        let x = Input(shape = [5, 3]);
        let a = Dense(4, activation = relu)(x);
        let b = LSTM(7, return_sequences = true)(a);
        let c = LSTM(5, go_backwards = true, return_sequences = true)(b);
        let d = LSTM(3)(c);
        let y = Dense(2)(d);
        let z = Dense(1)(a);
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.0), loss = mse)
    }
    an_lstm_of_one_step OneStep; {
        let x = Input(shape = [3]);
        let h = Dense(3, activation = tanh)(x);
        let h = LSTM(4)(Reshape([1, 3])(h));
        let h = LSTM(2, return_sequences = true, use_bias = false)(Reshape([1, 4])(h));
        let y = Dense(2)(Flatten()(h));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_shared_lstm Shared; {
        let p = Input(shape = [4, 3]);
        let q = Input(shape = [2, 3]);
        let first = Dense(3);
        let shared = LSTM(5);
        let a = shared(first(p));
        let b = shared(first(q));
        let y = Dense(2)(concatenate([a, b, a - b]));
        Model(inputs = [p, q], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    other_activations Others; {
        let x = Input(shape = [4, 2]);
        let h = Dense(3)(x);
        let h = LSTM(3, activation = softsign, recurrent_activation = hard_sigmoid, return_sequences = true)(h);
        let h = LSTM(2, activation = elu, recurrent_activation = softplus)(h);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    frozen_and_penalized Held; {
        let x = Input(shape = [3, 2]);
        let h = Dense(3)(x);
        let a = LSTM(4, trainable = false, return_sequences = true)(h);
        let b = LSTM(3, kernel_regularizer = L2(0.1), recurrent_regularizer = L1(0.2), bias_regularizer = L2(0.3))(a);
        let c = LSTM(2, trainable = false)(x);
        let y = Dense(1)(concatenate([b, c]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    grus_in_a_stack Grus; {
        let x = Input(shape = [4, 3]);
        let a = Dense(3, activation = relu)(x);
        let b = GRU(7, return_sequences = true)(a);
        let c = GRU(5, go_backwards = true, return_sequences = true, reset_after = false)(b);
        let d = GRU(3, use_bias = false)(c);
        let e = GRU(2, use_bias = false, reset_after = false)(c);
        let y = Dense(2)(concatenate([d, e]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    grus_with_other_activations OtherGrus; {
        let x = Input(shape = [3, 2]);
        let h = Dense(3)(x);
        let h = GRU(3, activation = softsign, recurrent_activation = hard_sigmoid, return_sequences = true)(h);
        let h = GRU(2, activation = elu, recurrent_activation = softplus, reset_after = false)(h);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    shared_recurrent_layers SharedAll; {
        let left = Input(shape = [3, 2]);
        let right = Input(shape = [1, 2]);
        let first = Dense(2);
        let p = first(left);
        let q = first(right);
        let gru = GRU(3);
        let before = GRU(3, reset_after = false);
        let rnn = SimpleRNN(3);
        let a = gru(p) + gru(q);
        let b = before(p) - before(q);
        let c = rnn(p) * rnn(q);
        let y = Dense(2)(concatenate([a, b, c]));
        Model(inputs = [left, right], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    simple_rnns Rnns; {
        let x = Input(shape = [4, 3]);
        let a = Dense(3)(x);
        let b = SimpleRNN(5, return_sequences = true)(a);
        let c = SimpleRNN(3, activation = relu, go_backwards = true, return_sequences = true)(b);
        let d = SimpleRNN(2, use_bias = false)(c);
        let y = Dense(1)(d);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_sequence_read_by_two Two; {
        let x = Input(shape = [3, 2]);
        let h = Dense(3, activation = relu)(x);
        let a = LSTM(4)(h);
        let b = LSTM(4, go_backwards = true)(h);
        let y = Dense(1)(a + b);
        let z = LSTM(2, return_sequences = true)(h);
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.0), loss = mse)
    }
    states_that_are_given Given; {
        let x = Input(shape = [4, 3]);
        let a = Dense(3, activation = relu)(x);
        let (y, h, c) = LSTM(5, return_sequences = true, return_state = true)(a);
        let (g, s) = GRU(4, return_state = true)(y);
        let (_, r) = SimpleRNN(3, return_state = true)(y);
        let first = Dense(2)(concatenate([h, c, g]));
        let second = Dense(1)(concatenate([s, r, c]));
        Model(inputs = [x], outputs = [first, second]).compile(optimizer = SGD(0.0), loss = mse)
    }
    only_the_states_lead_to_an_output OnlyStates; {
        let x = Input(shape = [3, 2]);
        let (_, _, c) = LSTM(4, return_sequences = true, return_state = true)(x);
        let (_y, h, _) = LSTM(4, return_state = true)(x);
        let (z, s) = GRU(4, return_state = true)(x, initial_state = h);
        Model(inputs = [x], outputs = [c, z, s]).compile(optimizer = SGD(0.0), loss = { c: mse, z: none, s: mse })
    }
    an_encoder_and_a_decoder Translate; {
        let source = Input(shape = [4, 3]);
        let target = Input(shape = [3, 2]);
        let (_, h, c) = LSTM(5, return_state = true)(source);
        let (y, h, _) = LSTM(5, return_sequences = true, return_state = true)(target, initial_state = [h, c]);
        let y = GRU(5, return_sequences = true)(y, initial_state = h);
        let y = GRU(5, reset_after = false, return_sequences = true, go_backwards = true)(y, initial_state = h);
        let y = SimpleRNN(5, return_sequences = true)(y, initial_state = h);
        let y = Dense(2)(y);
        Model(inputs = [source, target], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_state_behind_a_relu_goes_into_several Relus; {
        let x = Input(shape = [3, 2]);
        let h = Dense(4, activation = relu)(Flatten()(x));
        let read = LSTM(4, return_state = true);
        let (a, s, c) = read(x, initial_state = [h, h]);
        let (b, _, _) = read(x, initial_state = [s, c]);
        let y = Dense(1)(concatenate([a, b, h]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_frozen_layer_passes_gradients_on_to_its_state FrozenState; {
        let x = Input(shape = [3, 2]);
        let h = Dense(4)(Flatten()(x));
        let y = LSTM(4, trainable = false)(x, initial_state = [h, h]);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    layers_on_every_step Steps; {
        let x = Input(shape = [3, 4, 4, 2]);
        let h = TimeDistributed(Conv2D(3, 2, activation = relu))(x);
        let h = TimeDistributed(MaxPooling2D(2))(h);
        let h = TimeDistributed(Flatten())(h);
        let h = TimeDistributed(Dense(5, activation = relu))(h);
        let h = TimeDistributed(Reshape([1, 5]))(h);
        let h = TimeDistributed(TimeDistributed(Dense(4, activation = softmax)))(h);
        let h = TimeDistributed(LSTM(3, return_sequences = true))(h);
        let h = TimeDistributed(GRU(3))(h);
        let y = LSTM(2)(h);
        let kinds = TimeDistributed(Dense(3, activation = softmax))(h);
        Model(inputs = [x], outputs = [y, kinds])
            .compile(optimizer = SGD(0.0), loss = { y: mse, kinds: categorical_crossentropy })
    }
    other_layers_on_every_step MoreSteps, rows = 3; {
        let x = Input(shape = [2, 5, 2]);
        let first = Dense(3);
        let a = TimeDistributed(Conv1DTranspose(3, 2, strides = 2, activation = gelu))(first(x));
        let b = TimeDistributed(Permute([2, 1]))(first(x));
        let c = TimeDistributed(UpSampling1D(2))(first(x));
        let d = TimeDistributed(GlobalAveragePooling1D())(a);
        let e = TimeDistributed(RepeatVector(3))(d);
        let f = TimeDistributed(ZeroPadding1D((0, 2)))(b);
        let g = TimeDistributed(Activation(tanh))(TimeDistributed(Cropping1D(1))(c));
        let y = Dense(2)(concatenate([Flatten()(a), Flatten()(e), Flatten()(f), Flatten()(g)]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    lengths_that_only_const_evaluation_knows Deferred; {
        let x = Input(shape = [STEPS, 4, 2]);
        let h = TimeDistributed(Conv1D(STEPS, 2, activation = relu))(x);
        let h = TimeDistributed(GRU(STEPS + 1, recurrent_dropout = 0.0))(h);
        let (h, s, c, _, _) = Bidirectional(LSTM(STEPS, return_sequences = true, return_state = true))(h);
        let y = LSTM(3)(h, initial_state = [s, c]);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    convolutions_on_every_step Windows, rows = 3; {
        let x = Input(shape = [4, 6, 2]);
        let first = Dense(2);
        // Windows over the steps differ from windows inside them.
        let a = TimeDistributed(Conv1D(3, 3, activation = relu, padding = same))(first(x));
        let a = MaxPooling2D(2)(a);
        let b = TimeDistributed(Conv1D(3, 2, padding = same))(first(x));
        let b = TimeDistributed(MaxPooling1D(2))(b);
        let c = TimeDistributed(SeparableConv1D(2, 2, depth_multiplier = 2, activation = tanh))(first(x));
        let d = TimeDistributed(DepthwiseConv1D(3, activation = relu))(first(x));
        let e = TimeDistributed(Dense(3))(TimeDistributed(Flatten())(d));
        let f = Bidirectional(GRU(2))(Reshape([4, 12])(first(x)));
        let y = Dense(2)(concatenate([Flatten()(a), Flatten()(b), Flatten()(c), Flatten()(e), f]));
        let z = LSTM(2)(TimeDistributed(Flatten())(a));
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_shared_layer_on_every_step SharedSteps; {
        let x = Input(shape = [3, 2]);
        let z = Input(shape = [4, 2]);
        let each = TimeDistributed(SimpleRNN(2));
        let wide = TimeDistributed(Reshape([1, 2]));
        let y = LSTM(2)(each(wide(x))) + LSTM(2)(each(wide(z)));
        Model(inputs = [x, z], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    from_both_ends Both; {
        let x = Input(shape = [4, 3]);
        let z = Input(shape = [2, 3]);
        let first = Dense(3, activation = relu);
        let read = Bidirectional(LSTM(3, return_sequences = true, return_state = true));
        let (a, _, c, d, _) = read(first(x));
        let (b, e, _, f, g) = read(first(z));
        let h = Bidirectional(GRU(2, return_sequences = true), merge_mode = ave)(a);
        let (p, q) = Bidirectional(SimpleRNN(3), merge_mode = none)(b, initial_state = [e, f]);
        let s = Bidirectional(GRU(2, reset_after = false), merge_mode = mul)(h);
        let y = Dense(2)(concatenate([c, d, g, s]));
        let v = Dense(1)(p - q);
        Model(inputs = [x, z], outputs = [y, v]).compile(optimizer = SGD(0.0), loss = mse)
    }
    dropped_features_and_states Dropped, training = true; {
        let x = Input(shape = [4, 3]);
        let z = Input(shape = [2, 3, 2]);
        let first = Dense(3, activation = relu)(x);
        let h = Dense(4, activation = tanh)(Flatten()(x));
        let a = LSTM(4, dropout = 0.3, recurrent_dropout = 0.4, return_sequences = true)(first, initial_state = [h, h]);
        let b = GRU(4, recurrent_dropout = 0.5, return_sequences = true)(a, initial_state = h);
        let c = GRU(3, reset_after = false, dropout = 0.2, recurrent_dropout = 0.5, seed = 3)(b);
        let d = SimpleRNN(3, recurrent_dropout = 0.25, dropout = 0.25)(b);
        let e = Bidirectional(LSTM(2, recurrent_dropout = 0.5, activation = softsign))(a);
        let f = LSTM(2)(TimeDistributed(LSTM(3, dropout = 0.4, recurrent_dropout = 0.5))(z));
        let y = Dense(2)(concatenate([c, d, e, f]));
        Model(inputs = [x, z], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
}

#[test]
fn both_directions_are_layers_with_names() {
    let names = Both::<f32>::SPEC.weights.iter().map(|weight| weight.name);
    let lstm: Vec<_> = names.take(6).filter(|name| name.contains("lstm")).collect();
    assert_eq!(
        lstm,
        [
            "bidirectional/forward_lstm/kernel",
            "bidirectional/forward_lstm/recurrent_kernel",
            "bidirectional/forward_lstm/bias",
            "bidirectional/backward_lstm/kernel",
        ]
    );
    let model = Both::new(1);
    assert_eq!(model.bidirectional_3.backward_gru.kernel.shape().concrete(), [2, 6]);
    assert!(Both::summary().contains("bidirectional (Bidirectional)"), "{}", Both::summary());
}
