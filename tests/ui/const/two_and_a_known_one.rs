use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let f: [9] = Dense(WIDTH)(x);
        let g: [9] = Dense(config::DEPTH)(f);
        let h: [9] = Dense(8)(g);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}


const WIDTH: usize = 10;
mod config {
    pub const DEPTH: usize = 12;
}

fn main() {}
