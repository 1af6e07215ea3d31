//! Layers of one's own: weights in functions, functions as layers, what only training computes.

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
        Model(inputs = [a, b], outputs = [y, z]).compile(optimizer = SGD(0.1), loss = mse)
    }
}

#[test]
fn calls_of_a_function_as_a_layer_share_its_weight() -> mimo::Result<()> {
    let model = Scaled::<f64>::new(&Device::default(), 7)?;
    assert_eq!(model.gamma.weight.array(), [2.0; 3]);
    Ok(())
}
