use mimo::prelude::*;

model! {
    pub Net {
        WIDTH: usize = 4;
        let x = Input(shape = [8]);
        let h = Dense(WIDTH)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
