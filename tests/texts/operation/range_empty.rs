use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 8]);
        let y = add([x[3..3, 0..4], x[12..-8, 0..4]]);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
