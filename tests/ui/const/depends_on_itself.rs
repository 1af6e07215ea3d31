use mimo::prelude::*;

model! {
    pub Net {
        const A: usize = B + 1;
        const B: usize = A + 1;
        let x = Input(shape = [8]);
        let h = Dense(A)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}


const WIDTH: usize = 10;
mod config {
    pub const DEPTH: usize = 12;
}

fn main() {}
