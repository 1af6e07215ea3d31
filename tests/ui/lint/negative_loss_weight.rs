use mimo::prelude::*;

model! {
    #[deny(mimo::negative_loss_weight)]
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        let z = Dense(1)(x);
        Model(inputs = [x], outputs = [y, z]).compile(loss = mse, loss_weights = { z: -0.5 })
    }
}

fn main() {}
