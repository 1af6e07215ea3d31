//! Integers that a model computes, as indices.

use mimo::dfdx::tensor::TensorFromVec;
use mimo::prelude::*;

mimo::model! {
    /// One table, looked up at computed indices and at the same indices as inputs.
    Computed {
        let n = Input(shape = [4], dtype = "int32");
        let m = Input(shape = [4], dtype = "int32");
        let table = Embedding(20, 3);
        let computed = table(maximum(n + n - 1, 0) % 7 * 2 + floor_divide(n, 2));
        let given = table(m);
        Model(inputs = [n, m], outputs = [computed, given])
    }
}

#[test]
fn places_that_are_computed_are_those_that_python_computes() {
    // A computed number has no bound, and neither has the input that it is computed from.
    assert_eq!((Computed::INPUTS[0].below, Computed::INPUTS[1].below), (None, Some(20)));
    let dev = Cpu::default();
    let n: Vec<usize> = (0..8).collect();
    let m = n.iter().map(|&n| (2 * n).saturating_sub(1) % 7 * 2 + n / 2).collect::<Vec<_>>();
    let model = Computed::new(5);
    let inputs = ComputedInputs {
        n: dev.tensor_from_vec(n, (2, Const::<4>)),
        m: dev.tensor_from_vec(m, (2, Const::<4>)),
    };
    let outputs = model.predict(&inputs).unwrap();
    assert_eq!(outputs.computed.as_vec(), outputs.given.as_vec());
}
