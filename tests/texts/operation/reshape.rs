use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 6]);
        let a = reshape(x, [120]);
        let b = reshape(x, [-1, 4, 6]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
