use mimo::dfdx::tensor_ops::MeanTo;
use mimo::loss::{Losses, Predictions, Targets};
use mimo::prelude::*;

pub fn squared(prediction: Predictions<2>, target: Targets<2>) -> Losses {
    (prediction - target).square().mean::<(usize,), _>()
}

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(3)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = crate::squared)
    }
}

fn main() {}
