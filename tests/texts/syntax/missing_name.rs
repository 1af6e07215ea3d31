use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let = Dense(4)(x);
        let y = Dense(1)(h);
        let z = Dense(1)(hidden);
        Model(inputs = [x], outputs = [y, z])
    }
}

fn main() {}
