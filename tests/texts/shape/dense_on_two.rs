use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let g = Dense(8)(x);
        let h = Dense(4)([x, g]);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
