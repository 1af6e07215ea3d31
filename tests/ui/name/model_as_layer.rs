use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Sequential([Dense(4), Dense(3)])(x);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
