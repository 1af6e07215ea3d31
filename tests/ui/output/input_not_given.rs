use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let z = Input(shape = [2]);
        let h = Dense(4)(x);
        let y = concatenate([h, z]);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
