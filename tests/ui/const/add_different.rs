use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let f = Dense(WIDTH)(x);
        let g = Dense(config::DEPTH)(x);
        let h = add([f, g]);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}


const WIDTH: usize = 10;
mod config {
    pub const DEPTH: usize = 12;
}

fn main() {}
