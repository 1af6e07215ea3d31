use mimo::prelude::*;

model! {
    pub Net {
        const WIDTH: usize = 4;
        let x = Input(shape = [8]);
        let h: [7] = Dense(WIDTH * 2)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
