use mimo::prelude::*;

model! {
    pub Net {
        let s = Input(shape = [10, 8]);
        let v = Input(shape = [4]);
        let h = GRU(5)(concatenate([s, v]));
        let y = Dense(1)(h);
        Model(inputs = [s, v], outputs = [y])
    }
}

fn main() {}
