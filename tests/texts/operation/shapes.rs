use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let a = Dense(3)(x);
        let h = a / x + 1.0;
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
