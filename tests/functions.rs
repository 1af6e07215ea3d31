//! Custom layers: weights in functions, functions as layers, computations only in training.

use mimo::dfdx::tensor::TensorFrom;
use mimo::prelude::*;

model! {
    /// A function that scales each channel by a weight, called on two tensors as one layer.
    pub Scaled {
        fn layer_scale(x, dim, start = 0.5) {
            let gamma = Weight([dim], initializer = Constant(start), name = "gamma");
            x * gamma
        }

        let a = Input(shape = [3]);
        let b = Input(shape = [2, 3]);
        let scale = layer_scale(dim = 3, start = 2.0);
        let y = scale(a);
        let z = scale(b);
        Model(inputs = [a, b], outputs = [y, z]).compile(
            optimizer = SGD(0.5),
            loss = mse,
            loss_weights = { y: 1.0, z: 0.5 },
        )
    }
}

#[test]
fn calls_of_a_function_as_a_layer_share_its_weight() -> Result<()> {
    let mut model = Scaled::new(7);
    assert_eq!(model.gamma.weight.array(), [2.0; 3]);
    assert_eq!(
        <Scaled as Model>::GRAPH.layers.iter().filter(|layer| layer.item.class == "Weight").count(),
        1
    );
    let inputs = ScaledInputs {
        a: tensor(vec![1.0, -1.0, 0.5, 2.0, 0.0, 1.0])?,
        b: tensor((0..12).map(|i| i as f32 / 4.0 - 1.0).collect::<Vec<_>>())?,
    };
    let targets = ScaledTargets { y: tensor(vec![1.0; 6])?, z: tensor(vec![0.5; 12])? };
    let outputs = model.predict(&inputs)?;
    assert_eq!(outputs.y.as_vec(), [2.0, -2.0, 1.0, 4.0, 0.0, 2.0]);
    let mut wanted = [2.0_f32; 3];
    for channel in 0..3 {
        let of = |values: Vec<f32>, target: f32, positions: usize| -> f32 {
            (0..positions)
                .map(|at| values[at * 3 + channel])
                .map(|x| 2.0 * (2.0 * x - target) * x)
                .sum::<f32>()
                / (positions * 3) as f32
        };
        let gradient = of(inputs.a.as_vec(), 1.0, 2) + 0.5 * of(inputs.b.as_vec(), 0.5, 4);
        wanted[channel] -= 0.5 * gradient;
    }
    let mut trainer = Trainer::new(&mut model)?;
    trainer.train_on_batch(&inputs, &targets)?;
    drop(trainer);
    for (found, wanted) in model.gamma.weight.array().into_iter().zip(wanted) {
        assert!((found - wanted).abs() < 1e-6, "{found} is not {wanted}");
    }
    Ok(())
}

model! {
    /// Weights of every number of axes, fixed and penalized ones.
    #[allow(mimo::weight_with_batch_axis)]
    pub Weights {
        let x = Input(shape = [2, 3]);
        let t = Weight([], initializer = Constant(3.0), constraint = NonNeg(), name = "temperature");
        let position = Weight([2, 3], initializer = RandomNormal(stddev = 0.1), name = "position");
        let fixed = Weight([3], initializer = ones, trainable = false, name = "fixed");
        let pulled = Weight([1, 1, 3], initializer = ones, regularizer = L2(0.5), name = "pulled");
        let deep = Weight([1, 1, 1, 3], initializer = zeros, name = "deep");
        let h = (x + position) / t * fixed + pulled + deep;
        let y = Reshape([6])(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
    }
}

#[test]
fn weights_are_trained_held_and_saved_by_their_names() -> Result<()> {
    let mut model = Weights::new(7);
    let names: Vec<_> = <Weights as Model>::SPEC.weights.iter().map(|weight| weight.name).collect();
    assert_eq!(
        names,
        ["temperature/weight", "position/weight", "fixed/weight", "pulled/weight", "deep/weight"]
    );
    let inputs = WeightsInputs { x: tensor((0..24).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<_>>())? };
    let targets = WeightsTargets { y: tensor(vec![0.25; 24])? };
    let before = (model.position.weight.array(), model.deep.weight.array());
    let mut trainer = Trainer::new(&mut model)?;
    let first = trainer.train_on_batch(&inputs, &targets)?.loss;
    for _ in 0..300 {
        trainer.train_on_batch(&inputs, &targets)?;
    }
    let last = trainer.train_on_batch(&inputs, &targets)?.loss;
    drop(trainer);
    assert!(last < 0.3 * first, "{last} after {first}");
    assert_eq!(model.fixed.weight.array(), [1.0; 3]);
    assert!(model.temperature.weight.array() >= 0.0);
    assert_ne!(model.position.weight.array(), before.0);
    assert_ne!(model.deep.weight.array(), before.1);
    Ok(())
}

model! {
    /// A custom layer in its own model.
    pub Embedded {
        fn position(x, steps, dim) { x + Weight([steps, dim], initializer = Constant(0.5)) }

        let x = Input(shape = [2, 3]);
        let y = position(x, 2, 3);
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    /// That model on every step of a sequence.
    pub Stepped {
        use Embedded;

        let x = Input(shape = [4, 2, 3]);
        let y = TimeDistributed(Embedded())(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.5), loss = mse)
    }
}

#[test]
fn a_weight_is_the_same_for_every_step_of_a_nested_model() -> Result<()> {
    let mut model = Stepped::new(7);
    let x: Vec<f32> = (0..48).map(|i| i as f32 / 8.0).collect();
    let inputs = SteppedInputs { x: tensor(x.clone())? };
    let outputs = model.predict(&inputs)?;
    assert_eq!(outputs.y.as_vec(), x.iter().map(|x| x + 0.5).collect::<Vec<_>>());
    // The mean over 48 values of (x + w − x)² has the gradient 2 · 8 · 0.5 / 48 for each of six weights.
    let mut trainer = Trainer::new(&mut model)?;
    trainer.train_on_batch(&inputs, &SteppedTargets { y: tensor(x)? })?;
    drop(trainer);
    for row in model.embedded.weight.weight.array().concat() {
        assert!((row - (0.5 - 0.5 / 6.0)).abs() < 1e-5, "{row}");
    }
    Ok(())
}

model! {
    /// Training computes something else than inference.
    #[allow(mimo::zero_loss_weight)]
    pub Switched {
        fn doubled(x) { if training { let h = 2.0 * x; h + 1.0 } else { x } }

        let x = Input(shape = [1]);
        let h = Dense(1, kernel_initializer = ones)(x);
        let y = doubled(h);
        let z = if training { y } else { -1.0 };
        Model(inputs = [x], outputs = [y, z]).compile(
            optimizer = SGD(0.1),
            loss = { y: mse, z: mae },
            loss_weights = { y: 1.0, z: 0.0 },
        )
    }
}

#[test]
fn a_switch_takes_the_side_of_the_pass() -> Result<()> {
    let mut model = Switched::new(7);
    let inputs = SwitchedInputs { x: tensor(vec![1.0, 2.0, -3.0])? };
    let outputs = model.predict(&inputs)?;
    assert_eq!(outputs.y.as_vec(), [1.0, 2.0, -3.0]);
    assert_eq!(outputs.z.as_vec(), [-1.0; 3]);
    let targets = SwitchedTargets { y: tensor(vec![3.0, 5.0, -5.0])?, z: tensor(vec![0.0; 3])? };
    let mut trainer = Trainer::new(&mut model)?;
    let scored = trainer.evaluate((&inputs, &targets), 2)?;
    assert!((scored.y.loss - (4.0 + 9.0 + 4.0) / 3.0).abs() < 1e-6, "{scored:?}");
    assert_eq!(scored.z.loss, 1.0);
    let trained = trainer.train_on_batch(&inputs, &targets)?;
    // In training y is exactly its target, so that nothing is learned.
    assert_eq!((trained.y.loss, trained.z.loss), (0.0, 13.0 / 3.0));
    drop(trainer);
    assert_eq!(model.predict(&inputs)?.y.as_vec(), [1.0, 2.0, -3.0]);
    Ok(())
}

model! {
    /// A handwritten dense layer, called twice.
    pub ByHand {
        fn dense(x, inputs, units) {
            let kernel = Weight([inputs, units], name = "kernel");
            let bias = Weight([units], initializer = zeros, name = "bias");
            relu(matmul(x, kernel) + bias)
        }

        let x = Input(shape = [3, 5]);
        let square = dense(inputs = 5, units = 5);
        let y = Dense(2, name = "head")(square(square(x)));
        Model(inputs = [x], outputs = { y: y }).compile(optimizer = Adam(0.01), loss = mse)
    }
}

model! {
    /// The same with mimo's layer.
    pub ByLayer {
        let x = Input(shape = [3, 5]);
        let square = Dense(5, activation = relu, name = "square");
        let y = Dense(2, name = "head")(square(square(x)));
        Model(inputs = [x], outputs = { y: y }).compile(optimizer = Adam(0.01), loss = mse)
    }
}

/// Weights that depend only on their index.
fn ramp<const I: usize, const O: usize>() -> [[f64; O]; I] {
    std::array::from_fn(|i| std::array::from_fn(|o| ((i * O + o) as f64 * 0.7).sin() * 0.5))
}

#[test]
fn a_product_with_a_weight_is_trained_as_a_dense_layer() -> Result<()> {
    let device = Cpu::default();
    let x: Vec<f64> = (0..60).map(|i| (i as f64 * 0.3).cos()).collect();
    let wanted: Vec<f64> = (0..24).map(|i| (i as f64 * 0.1).sin()).collect();
    let mut by_hand = ByHand::<f64>::build(1);
    let mut by_layer = ByLayer::<f64>::build(1);
    by_hand.kernel.weight = device.tensor(ramp::<5, 5>());
    by_layer.square.kernel = device.tensor(ramp::<5, 5>());
    by_hand.head.kernel = device.tensor(ramp::<5, 2>());
    by_layer.head.kernel = device.tensor(ramp::<5, 2>());
    // No sample has a copy of the kernel.
    let operations = format!("{:?}", <ByHand<f64> as Model>::PLAN.operations);
    assert_eq!((operations.matches("WeightTensor(").count(), operations.matches("Dense(").count()), (2, 3));
    let mut losses = [[0.0; 5]; 2];
    let inputs = ByHandInputs { x: tensor(x.clone())? };
    let targets = ByHandTargets { y: tensor(wanted.clone())? };
    let mut trainer = Trainer::new(&mut by_hand)?;
    for loss in &mut losses[0] {
        *loss = trainer.train_on_batch(&inputs, &targets)?.loss;
    }
    drop(trainer);
    let inputs = ByLayerInputs { x: tensor(x)? };
    let targets = ByLayerTargets { y: tensor(wanted)? };
    let mut trainer = Trainer::new(&mut by_layer)?;
    for loss in &mut losses[1] {
        *loss = trainer.train_on_batch(&inputs, &targets)?.loss;
    }
    drop(trainer);
    let [by_hand_losses, by_layer_losses] = losses;
    for (a, b) in by_hand_losses.iter().zip(by_layer_losses) {
        assert!((a - b).abs() < 1e-12, "{by_hand_losses:?} {by_layer_losses:?}");
    }
    let (a, b) = (by_hand.kernel.weight.as_vec(), by_layer.square.kernel.as_vec());
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-12), "{a:?} {b:?}");
    let (a, b) = (by_hand.bias.weight.as_vec(), by_layer.square.bias.as_vec());
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-12), "{a:?} {b:?}");
    Ok(())
}

model! {
    /// Function layers called in each other, and in another one.
    pub Inside {
        fn inner(x, dim) { Dense(dim, activation = tanh)(x) }
        fn outer(x, dim) {
            let i = inner(dim = dim);
            let a = i(x);
            i(a + i(0.5 * i(a)))
        }
        fn given(x, layer) { layer(layer(x)) }

        let x = Input(shape = [6]);
        let g = inner(dim = 6);
        let o = outer(dim = 6);
        let p = given(layer = inner(dim = 6));
        let y = g(g(g(x)) / sqrt(6) - power(4, 0.5)) + o(o(x)) + p(x) + p(p(x));
        Model(inputs = [x], outputs = [y])
    }
}

#[test]
fn calls_inside_of_each_other_share_their_weights() {
    assert_eq!(Inside::PARAMETERS, 3 * 42);
}

model! {
    /// Parts with several entries as further arguments.
    pub Parts {
        let x = Input(shape = [3, 4]);
        let a = maximum(x, x[.., 0..1]);
        let b = einsum("bi,bj->bij", x[0, ..], x[1, ..]);
        let c = where(x > 0, x[0, 1], clip(x, x[.., 3..], 9.0));
        let y = Flatten()(a) + Flatten()(c);
        Model(inputs = [x], outputs = [y, b])
    }
}

#[test]
fn parts_are_arguments() -> Result<()> {
    let x: Vec<f32> = (0..12).map(|i| i as f32 - 6.0).collect();
    let outputs = Parts::new(1).predict(&PartsInputs { x: tensor(x.clone())? })?;
    let row = |i: usize| x[i / 4 * 4];
    let wanted: Vec<f32> = (0..12)
        .map(|i| x[i].max(row(i)) + if x[i] > 0.0 { x[1] } else { x[i].max(row(i) + 3.0).min(9.0) })
        .collect();
    assert_eq!(outputs.y.as_vec(), wanted);
    assert_eq!(outputs.b.as_vec()[..4], [x[0] * x[4], x[0] * x[5], x[0] * x[6], x[0] * x[7]]);
    Ok(())
}
