use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        let z = Dense(1)(x);
        Model(inputs = [x], outputs = [y, z]).compile(loss = y: mse, z: mae)
    }
}

fn main() {}
