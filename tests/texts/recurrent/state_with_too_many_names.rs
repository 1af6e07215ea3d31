use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let (y, h, c) = GRU(64, return_state = true)(x);
        let y = Dense(1)(concatenate([y, h, c]));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
