use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let g = Dense(4)(x);
        let h = x + g;
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
