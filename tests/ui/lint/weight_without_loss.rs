use mimo::prelude::*;

model! {
    #[deny(mimo::weight_without_loss)]
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        let z = Dense(1)(x);
        Model(inputs = [x], outputs = [y, z]).compile(loss = { y: mse, z: none }, loss_weights = { z: 0.5 })
    }
}

fn main() {}
