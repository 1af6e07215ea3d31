use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 8]);
        let y = x[15..25];
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
