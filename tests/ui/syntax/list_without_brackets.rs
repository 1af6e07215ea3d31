use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let z = Input(shape = [2]);
        let y = Dense(1)(concatenate([x, z]));
        Model(inputs = x, z, outputs = y)
    }
}

fn main() {}
