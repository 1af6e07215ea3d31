use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 8, 4]);
        let y = SeparableConv2D(8)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
