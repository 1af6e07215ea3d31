use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let z = Input(shape = [3]);
        let y = Dense(1)(z);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
