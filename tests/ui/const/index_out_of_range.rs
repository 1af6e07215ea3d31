use mimo::prelude::*;

const UNITS: usize = 3;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let h = Dense(UNITS)(x);
        let y = h[1..5];
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
