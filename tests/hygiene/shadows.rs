//! Names of the standard library with another meaning in the model's module.

/// Without the prelude, and with all of its names defined otherwise.
#[allow(
    dead_code,
    non_camel_case_types,
    unused_macros,
    clippy::upper_case_acronyms,
    reason = "only there to be in the way"
)]
mod everything {
    #![no_implicit_prelude]

    struct Option;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct Result;
    struct Vec;
    struct String;
    struct Box;
    struct Fn;
    struct FnMut;
    struct Sized;
    struct Send;
    struct Iterator;
    struct From;
    struct Into;
    struct Default;
    struct Clone;
    struct Debug;
    struct Copy;
    struct Tensor;
    struct Const;
    struct Cpu;
    struct Dense;
    struct Loss;
    struct usize;
    struct u64;
    struct f32;
    struct f64;
    struct bool;
    struct str;
    trait Model {}
    trait Trainable {}
    trait Operation {}
    mod core {}
    mod std {}
    mod alloc {}
    mod mimo {}
    mod dfdx {}
    macro_rules! vec {
        () => {};
    }
    macro_rules! panic {
        () => {};
    }

    ::mimo::model! {
        pub(super) Net {
            const WIDTH: ::core::primitive::usize = 4;
            let a = Input(shape = [WIDTH, 2]);
            let b = Input(shape = [3]);
            let x = concatenate([Flatten()(a), b]);
            let x = Dropout(0.5)(Dense(6, activation = relu, kernel_regularizer = L2(0.01))(x));
            let kind = Dense(3, activation = softmax)(x);
            let value = Dense(1)(x);
            Model(inputs = [a, b], outputs = [kind, value]).compile(
                optimizer = Adam(),
                loss = { kind: sparse_categorical_crossentropy, value: mse },
                metrics = { kind: [accuracy], value: [mae, auc] },
            )
        }
    }

    ::mimo::model! {
        pub(super) PredictsOnly {
            let x = Input(shape = [3]);
            let y = Activation(tanh)(x);
            Model(x, y)
        }
    }
}

#[test]
fn what_std_calls_itself_is_not_needed() {
    assert_eq!(everything::Net::WIDTH, 4);
    assert_eq!(everything::Net::PARAMETERS, 11 * 6 + 6 + 6 * 4 + 4);
    assert_eq!(everything::PredictsOnly::PARAMETERS, 0);
}

/// Constants with the names of generic parameters, private items and variables of the expansion.
mod constants {
    const E: usize = 2;
    const D: usize = 3;
    const B: usize = 4;
    const T: usize = 5;
    const WEIGHTS: usize = 6;
    const PARAMETERS: usize = 7;
    const SPEC: usize = 8;
    const PROGRAM: usize = 9;
    const TRAIN: usize = 2;
    const SIZES: usize = 3;
    const BLOCKS: usize = 2;
    const HIDDEN: usize = 12;
    const INPUTS: usize = 3;
    const OUTPUTS: usize = 2;
    const LEN: usize = 5;

    mimo::model! {
        pub(super) Net {
            const WIDTH: usize = WEIGHTS + PARAMETERS;
            let x = Input(shape = [E, D]);
            let hidden = Dense(B)(x);
            let hidden = Dense(T)(hidden);
            let hidden = Dense(WEIGHTS)(Flatten()(hidden));
            let hidden = Dense(PARAMETERS)(hidden);
            let hidden = Dense(SPEC)(hidden);
            let hidden = Dense(PROGRAM)(hidden);
            let hidden = Dense(TRAIN * SIZES * BLOCKS)(hidden);
            let hidden: [HIDDEN] = Dense(HIDDEN)(hidden);
            let inputs = Dense(INPUTS)(hidden);
            let outputs = Dense(OUTPUTS * LEN)(inputs);
            let wide = Dense(WIDTH, activation = softmax)(outputs);
            Model(inputs = [x], outputs = [wide])
                .compile(optimizer = SGD(0.1), loss = sparse_categorical_crossentropy)
        }
    }
}

#[test]
fn constants_keep_their_meaning() {
    use mimo::Model;
    let widths: Vec<usize> = <constants::Net as Model>::SPEC
        .weights
        .iter()
        .filter(|weight| weight.name.ends_with("kernel"))
        .map(|weight| weight.shape[1])
        .collect();
    assert_eq!(widths, [4, 5, 6, 7, 8, 9, 12, 12, 3, 10, 13]);
    assert_eq!(constants::Net::WIDTH, 13);
}
