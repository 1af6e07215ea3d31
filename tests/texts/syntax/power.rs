use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Dense(2 ** 3)(x);
        let y = h ** 2;
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
