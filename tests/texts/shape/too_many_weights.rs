use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Dense(5_000_000_000)(x);
        let h = Dense(5_000_000_000)(h);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
