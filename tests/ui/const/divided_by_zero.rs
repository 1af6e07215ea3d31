use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Dense(1 / 0)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}


const WIDTH: usize = 10;
mod config {
    pub const DEPTH: usize = 12;
}

fn main() {}
