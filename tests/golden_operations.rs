//! Operations on tensors against the numbers of `keras.ops`: outputs, and gradients through them.

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;

layers! {
    "operations.json":
    any: "any", Any, AnyInputs, AnyTargets, [a => x: 6] {
        let y = concatenate([
            negative(x), abs(x), sign(x), square(x), exp(x), expm1(x), sin(x), cos(x), arctan(x), sinh(x), cosh(x), tanh(x),
            arcsinh(x), erf(x), sigmoid(x), relu(x), floor(x), ceil(x), round(x), logical_not(x),
        ]);
    }
    positive: "positive", Positive, PositiveInputs, PositiveTargets, [a => x: 6] {
        let p = square(x) + 0.5;
        let y = concatenate([
            sqrt(p), rsqrt(p), reciprocal(p), log(p), log1p(p), log2(p), log10(p), arccosh(p + 1.0),
        ]);
    }
    bounded: "bounded", Bounded, BoundedInputs, BoundedTargets, [a => x: 6] {
        let b = 0.9 * tanh(x);
        let y = concatenate([arcsin(b), arccos(b), arctanh(b), tan(b)]);
    }
    binary: "binary", Binary, BinaryInputs, BinaryTargets, [p => a: 6, q => b: 6] {
        let y = concatenate([
            add(a, b), subtract(a, b), multiply(a, b), divide(a, b), maximum(a, b), minimum(a, b), mod(a, b), floor_divide(a, b),
            arctan2(a, b), greater(a, b), greater_equal(a, b), less(a, b), less_equal(a, b), equal(a, b), not_equal(a, b),
            logical_and(a, b), logical_or(x1 = a, x2 = b),
        ]);
    }
    operators: "binary", Operators, OperatorsInputs, OperatorsTargets, [p => a: 6, q => b: 6] {
        let y = concatenate([
            a + b, a - b, a * b, a / b, maximum([a, b]), minimum([a, b]), a % b, floor(a / b), arctan2(x2 = b, x1 = a),
            a > b, a >= b, a < b, a <= b, a == b, a != b, where(a != 0.0, b != 0.0, 0.0), logical_or(a, b),
        ]);
    }
    numbers: "numbers", Numbers, NumbersInputs, NumbersTargets, [a => x: 6] {
        const SEVENTH: f64 = 0.7;
        let p = square(x) + 0.5;
        let y = concatenate([
            2.0 - x, x / 3.0, 1 / p, power(p, 1.5), power(2, x), power(x, 2), power(x, 3.0), maximum(x, 0.25),
            minimum(-0.5, x), mod(x, SEVENTH), x % -SEVENTH, arctan2(x, 1.0 / 2.0), x > 0.1, 0.1 >= x, x != 0.25, -x * 3,
        ]);
    }
    choices: "choices", Choices, ChoicesInputs, ChoicesTargets, [p => a: 6, q => b: 6] {
        let y = concatenate([
            where(a > b, 2.0 * a, exp(b)), where(a > 0.0, 1.0, a), clip(a, -0.5, 0.5),
            where(logical_and(a > -0.5, a < 0.5), b, 0.0),
        ]);
    }
    gradients: "gradients", Gradients, GradientsInputs, GradientsTargets, [p => a: 6, q => b: 6] {
        let y = concatenate([
            stop_gradient(a) * a, stop_gradient(exp(a)) * b, scale_gradient(a, -0.5), 2.0 * scale_gradient(a * b, factor = -1),
        ]);
    }
    functions: "chain", Functions, FunctionsInputs, FunctionsTargets, [a => x: 6] {
        fn step(x, shift) { tanh(x * 1.1 + 0.1 * shift) - bent(-square(x)) }
        fn bent(negative_square, factor = 0.05) { -negative_square * factor }
        for i in 0..12 {
            let x = step(x, i);
        }
        let y = step(x, 0) * 0 + x;
    }
    chain: "chain", Chain, ChainInputs, ChainTargets, [a => x: 6] {
        for i in 0..12 {
            let x = tanh(x * 1.1 + 0.1 * i) - 0.05 * square(x);
        }
        let y = 1.0 * x;
    }
    broadcast: "broadcast", Broadcast, BroadcastInputs, BroadcastTargets, [p => a: 12, q => b: 4, r => c: 3] {
        let a = Reshape([3, 4])(a);
        let c = Reshape([3, 1])(c);
        let y = Flatten()((a * b + exp(c)) / (1.0 + square(b)));
    }
    reduced: "reduced", Reduced, ReducedInputs, ReducedTargets, [a => x: 24] {
        let x = Reshape([2, 3, 4])(x);
        let flat = Flatten();
        let y = concatenate([
            flat(sum(x, axis = -1)), Flatten()(mean(x, (1, 3))), Flatten()(max(x, axis = 1)),
            Flatten()(min(x, axis = [2, 3], keepdims = true)), Reshape([1])(sum(x, axis = (1, 2, 3))),
            Flatten()(mean(x, -2, true)), max(x, axis = (-1, 1)), Flatten()(min(axis = 2, x = x)),
        ]);
    }
    normalized: "normalized", Normalized, NormalizedInputs, NormalizedTargets, [a => x: 6] {
        let centered = x - mean(x, axis = -1, keepdims = true);
        let y = centered / sqrt(mean(square(centered), axis = -1, keepdims = true) + 0.01);
    }
    merged: "merged", Merged, MergedInputs, MergedTargets, [p => a: 6, q => b: 6] {
        let y = concatenate([
            average([exp(a), b, a * b]), maximum([tanh(a), b]) * 0.5, (sin(a) - b) * cos(b),
        ]);
    }
}

mod settings {
    /// A constant of Rust.
    pub(super) const HALF: f32 = 0.5;

    pub(super) const fn double(x: f64) -> f64 {
        2.0 * x
    }
}

mimo::model! {
    /// Numbers that only const evaluation knows, in a separate model and nested.
    Constants {
        const UNITS: usize = 2;
        const FACTOR: f64 = settings::HALF as f64;
        let x = Input(shape = [UNITS]);
        let y = x * crate::settings::HALF + UNITS * crate::settings::double(1.25) - FACTOR;
        Model(inputs = [x], outputs = [y])
    }
}

mimo::model! {
    Nesting {
        use Constants;
        let x = Input(shape = [2]);
        let y = Constants()(x) / 4;
        Model(inputs = [x], outputs = [y])
    }
}

#[test]
fn numbers_are_constants_of_rust() {
    let x = mimo::prelude::tensor::<(usize, mimo::dfdx::prelude::Const<2>), f32>(vec![1.0, 2.0]).unwrap();
    let y = Constants::<f32>::build(1).forward(&ConstantsInputs { x: x.clone() }).unwrap().y.as_vec();
    assert_eq!(y, [5.0, 5.5]);
    let y = Nesting::<f32>::build(1).forward(&NestingInputs { x }).unwrap().y.as_vec();
    assert_eq!(y, [1.25, 1.375]);
}
