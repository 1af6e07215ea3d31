use mimo::prelude::*;

model! {
    pub Net {
        const WIDTH = 4;
        let x = Input(shape = [WIDTH]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
