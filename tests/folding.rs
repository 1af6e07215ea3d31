//! A `Predictor` folds batch normalizations into the preceding layers. Its outputs equal those of `predict`, which
//! does not fold, for every kind of layer, also where folding would change a value with other readers.
#![allow(missing_docs, reason = "models of tests need no documentation")]

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Model, Predictor, Trainer, model, tensor};
use mimo_runtime::model::{Columns, Reader};
use mimo_runtime::predictor::predict;
use support::{Data, Real, narrow, randomize, step, wide};

/// A model with one input, `x`.
trait Case: Model<Float: Real> {
    fn case() -> Self;
    fn inputs(x: &[f64]) -> Self::Inputs;
}

/// Tests: name, model, its inputs, number of folded batch normalizations.
macro_rules! cases {
    ($($test:ident: $model:ident $inputs:ident, $folds:literal folded { $($body:tt)* })+) => {$(
        model! { $model { $($body)* } }

        impl<E: Real> Case for $model<E, Cpu>
        where
            Cpu: Device<E>,
        {
            fn case() -> Self {
                $model::build(1)
            }

            fn inputs(x: &[f64]) -> Self::Inputs {
                $inputs { x: tensor(narrow::<E>(x)).expect("samples") }
            }
        }

        #[test]
        fn $test() {
            check::<$model<f32>>($folds, 1e-5);
            check::<$model<f64>>($folds, 1e-12);
        }
    )+};
}

/// The columns of some outputs.
fn columns<M: Model<Float: Real>>(outputs: &M::Outputs) -> Vec<Vec<f64>> {
    let mut columns = vec![vec![]; M::SPEC.outputs.len()];
    outputs.read(&mut Reader::new(&mut columns)).expect("columns");
    columns.iter().map(|column| wide(column)).collect()
}

fn check<M: Case>(folds: usize, tolerance: f64) {
    assert_eq!(M::FOLDED.map_or(0, |folded| folded.folds.len()), folds);
    let mut model = M::case();
    randomize(&mut model, 2);
    compare(&model, tolerance);
}

/// Folded outputs equal those of the whole pass, for any number of threads and samples.
fn compare<M: Case>(model: &M, tolerance: f64) {
    for rows in [1, 7, 33] {
        let inputs = M::inputs(&Data::random::<M>(rows, 3).inputs[0]);
        let wanted = columns::<M>(&predict(model, &inputs).expect("outputs"));
        let found = [1, 2, 3].map(|threads| {
            let mut predictor = Predictor::with_threads(model, threads).expect("a predictor");
            columns::<M>(&predictor.predict(&inputs).expect("outputs"))
        });
        assert!(found[1..].iter().all(|other| *other == found[0]), "threads change outputs");
        for (wanted, found) in wanted.iter().zip(&found[0]) {
            let largest = wanted.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
            assert!(largest > 0.0, "nothing but zeros");
            for (wanted, found) in wanted.iter().zip(found) {
                let apart = (wanted - found).abs();
                assert!(apart <= tolerance * largest, "{found} is not {wanted}: {apart:e} of {largest}");
            }
        }
    }
}

mod block {
    use mimo::prelude::*;

    model! {
        pub(crate) Block {
            let x = Input(shape = [6, 6, 3]);
            let y = Conv2D(3, 3, padding = same, use_bias = false)(x);
            let y = Activation(relu)(BatchNormalization()(y));
            Model(inputs = [x], outputs = [y])
        }
    }
}

cases! {
    conv_2d: Conv2 Conv2Inputs, 2 folded {
        let x = Input(shape = [7, 6, 3]);
        let h = Conv2D(8, 3, padding = same, use_bias = false)(x);
        let h = Activation(relu)(BatchNormalization()(h));
        let h = BatchNormalization(center = false)(Conv2D(5, 2, strides = 2)(h));
        let y = Dense(2)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
    conv_1d: Conv1 Conv1Inputs, 3 folded {
        let x = Input(shape = [12, 4]);
        let h = Conv1D(8, 3, groups = 2, dilation_rate = 2)(x);
        let h = Activation(silu)(BatchNormalization(scale = false)(h));
        let h = Conv1D(8, 3, groups = 8, padding = causal)(h);
        let h = Activation(gelu)(BatchNormalization(center = false, scale = false)(h));
        let y = BatchNormalization(axis = 2)(Conv1D(3, 1)(h));
        Model(inputs = [x], outputs = [y])
    }
    transposed: Transposed TransposedInputs, 2 folded {
        let x = Input(shape = [5, 4, 3]);
        let h = Conv2DTranspose(7, 3, strides = 2, padding = same, use_bias = false)(x);
        let h = Activation(leaky_relu)(BatchNormalization()(h));
        let h = Reshape([80, 7])(h);
        let y = BatchNormalization()(Conv1DTranspose(2, 2, strides = 2)(h));
        Model(inputs = [x], outputs = [y])
    }
    depthwise: Channels ChannelsInputs, 3 folded {
        let x = Input(shape = [7, 6, 3]);
        let h = DepthwiseConv2D(3, depth_multiplier = 2, use_bias = false)(x);
        let h = Activation(relu6)(BatchNormalization()(h));
        let h = Activation(relu)(BatchNormalization()(SeparableConv2D(4, 2, padding = same)(h)));
        let h = Reshape([10, 8])(h);
        let y = BatchNormalization()(DepthwiseConv1D(3)(h));
        Model(inputs = [x], outputs = [y])
    }
    dense: Vectors VectorsInputs, 4 folded {
        let x = Input(shape = [5, 6]);
        let h = Activation(relu)(BatchNormalization()(Dense(7, use_bias = false)(x)));
        let h = Activation(tanh)(BatchNormalization()(TimeDistributed(Dense(4))(h)));
        let h = Activation(relu)(BatchNormalization()(Dense(33)(Flatten()(h))));
        let h = Dropout(0.5)(h);
        let y = Activation(softmax)(BatchNormalization()(Dense(3)(h)));
        Model(inputs = [x], outputs = [y])
    }
    time_distributed: Steps StepsInputs, 1 folded {
        let x = Input(shape = [3, 5, 4, 2]);
        let h = TimeDistributed(Conv2D(4, 2))(x);
        let y = TimeDistributed(Activation(elu))(BatchNormalization()(h));
        Model(inputs = [x], outputs = [y])
    }
    // Other layers read the tensor that folding would change, except for the last one, whose activation stays.
    read_by_others: Read ReadInputs, 1 folded {
        let x = Input(shape = [6, 6, 3]);
        let first = Conv2D(3, 3, padding = same)(x);
        let normal = Activation(relu)(BatchNormalization()(first));
        let h = first + normal;
        let shown = Conv2D(4, 3)(h);
        let h = BatchNormalization()(shown);
        let twice = Conv2D(4, 1)(h);
        let h = BatchNormalization()(twice) * BatchNormalization()(twice);
        let last = BatchNormalization()(Conv2D(2, 1)(h));
        let y = Activation(relu)(last);
        Model(inputs = [x], outputs = [shown, last, y])
    }
    // Other axes than the channels, a nonlinear function of them, or a pooling before.
    other_axes: Axes AxesInputs, 0 folded {
        let x = Input(shape = [8, 8, 3]);
        let h = BatchNormalization(axis = 1)(Conv2D(4, 3, padding = same)(x));
        let h = BatchNormalization()(Conv2D(4, 3, padding = same, activation = relu)(h));
        let h = BatchNormalization()(MaxPooling2D(2)(Conv2D(4, 3, padding = same)(h)));
        let h = BatchNormalization()(Reshape([8, 8])(Conv2D(4, 3, padding = same)(h)));
        let h = BatchNormalization()(Flatten()(Conv1D(4, 3)(h)));
        let y = BatchNormalization()(Dense(3, activation = softmax)(h));
        Model(inputs = [x], outputs = [y])
    }
    // One call of the layer has no normalization after it; one of the normalization has another layer before it.
    shared_with_others: Others OthersInputs, 0 folded {
        let x = Input(shape = [6]);
        let layer = Dense(6);
        let a = BatchNormalization()(layer(x));
        let b = layer(a);
        let normal = BatchNormalization();
        let c = normal(Dense(4)(b));
        let d = normal(Dense(4, use_bias = false)(c));
        Model(inputs = [x], outputs = [d])
    }
    shared_together: Together TogetherInputs, 1 folded {
        let x = Input(shape = [6]);
        let layer = Dense(6, use_bias = false);
        let normal = BatchNormalization();
        let a = Activation(relu)(normal(layer(x)));
        let b = normal(layer(a));
        let y = normal(layer(b)) + a;
        Model(inputs = [x], outputs = [y, b])
    }
    // Siblings are one product, whose weights are columns of one block.
    siblings: Beside BesideInputs, 0 folded {
        let x = Input(shape = [6]);
        let a = BatchNormalization()(Dense(4)(x));
        let b = BatchNormalization()(Dense(3)(x));
        let y = concatenate([a, b, x]);
        Model(inputs = [x], outputs = [y])
    }
    of_an_input: First FirstInputs, 0 folded {
        let x = Input(shape = [4, 3]);
        let y = Activation(relu)(BatchNormalization()(x));
        Model(inputs = [x], outputs = [y])
    }
    nested: Outer OuterInputs, 2 folded {
        use block::Block;

        let x = Input(shape = [6, 6, 3]);
        let block = Block();
        let other = Block(trainable = false);
        let h = x + block(x);
        let h = h + block(h);
        let y = other(h);
        Model(inputs = [x], outputs = [y])
    }
    deferred: Deferred DeferredInputs, 1 folded {
        let x = Input(shape = [crate::SIDE, crate::SIDE, 3]);
        let h = Conv2D(crate::FILTERS, 3, padding = same, use_bias = false)(x);
        let y = Activation(relu)(BatchNormalization()(h));
        Model(inputs = [x], outputs = [y])
    }
    // The barriers of a training step order the operations of the branches one by one.
    branches: Branches BranchesInputs, 5 folded {
        let x = Input(shape = [6, 6, 3]);
        let a = BatchNormalization()(Conv2D(6, 1)(x));
        let b = Activation(tanh)(BatchNormalization()(Conv2D(4, 1)(x)));
        let c = Activation(relu)(BatchNormalization()(Conv2D(5, 2)(Conv2D(2, 1)(x))));
        let b = Activation(elu)(BatchNormalization()(Conv2D(6, 1)(b)));
        let c = BatchNormalization()(Conv2D(6, 2, padding = same)(c));
        let c = Activation(relu)(ZeroPadding2D([[0, 1], [0, 1]])(c));
        let y = a + Activation(relu)(b) + c;
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(0.05), loss = mse)
    }
    trained: Trained TrainedInputs, 4 folded {
        let x = Input(shape = [8, 8, 3]);
        let h = Conv2D(4, 3, padding = same, use_bias = false)(x);
        let h = Activation(relu)(BatchNormalization(momentum = 0.5)(h));
        let a = Conv2D(4, 3, padding = same, use_bias = false)(h);
        let a = Activation(relu)(BatchNormalization(momentum = 0.5)(a));
        let a = BatchNormalization(momentum = 0.5)(Conv2D(4, 3, padding = same, use_bias = false)(a));
        let h = Activation(relu)(h + a);
        let h = GlobalAveragePooling2D()(h);
        let kind = Dense(3, activation = softmax)(h);
        let value = Activation(sigmoid)(BatchNormalization(momentum = 0.5)(Dense(1)(a)));
        let value = GlobalAveragePooling2D()(value);
        Model(inputs = [x], outputs = [kind, value])
            .compile(optimizer = Adam(0.05), loss = [sparse_categorical_crossentropy, mse])
    }
}

const SIDE: usize = 2 + 3;
const FILTERS: usize = 3 + 1;

#[test]
fn statistics_of_a_training_are_folded_and_training_goes_on() {
    let mut model = Trained::new(1);
    let data = Data::random::<Trained>(33, 7);
    for _ in 0..3 {
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        for _ in 0..3 {
            step(&mut trainer, &data).expect("a step");
        }
        drop(trainer);
        compare(&model, 1e-5);
    }
}
