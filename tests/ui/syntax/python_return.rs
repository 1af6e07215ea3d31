use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        return Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
