use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = if x > 0.0 { x } else { 0.1 * x };
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
