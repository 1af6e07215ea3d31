use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let h = GRU(64, return_sequences = true)(x);
        let y = GRU(64)(x, initial_state = h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
