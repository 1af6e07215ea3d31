use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        Model(inputs = [x], outputs = [y]);
        let y = Dense(1)(x);
    }
}

fn main() {}
