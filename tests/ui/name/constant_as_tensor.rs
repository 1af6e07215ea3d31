use mimo::prelude::*;

model! {
    pub Net {
        const WIDTH: usize = 4;
        let x = Input(shape = [8]);
        let h = Dense(3)(WIDTH);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
