use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Dense(4)(x);
        let y = Dense(1)(h);
        let z = Input(shape = [2]);
        Model(inputs = [x, z], outputs = [y])
    }
}

fn main() {}
