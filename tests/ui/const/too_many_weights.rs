use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Dense(crate::WIDTH)(x);
        let h = Dense(crate::WIDTH)(h);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

pub const WIDTH: usize = 5_000_000_000;

fn main() {}
