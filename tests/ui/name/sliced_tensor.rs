use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = x[2..6];
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
