use mimo::prelude::*;

pub struct Lift;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = mse, metrics = [crate::Lift])
    }
}

fn main() {}
