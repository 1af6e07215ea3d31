use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let y = GRU(4, dropout = "0.2", seed = 1.5)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
