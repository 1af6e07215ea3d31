use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [WIDTH, 2]);
        let g = Input(shape = [config::DEPTH, 2]);
        let h = concatenate([x, g]);
        let y = Dense(1)(h);
        Model(inputs = [x, g], outputs = [y])
    }
}


const WIDTH: usize = 10;
mod config {
    pub const DEPTH: usize = 12;
}

fn main() {}
