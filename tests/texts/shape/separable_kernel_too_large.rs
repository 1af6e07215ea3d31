use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 4, 3]);
        let y = SeparableConv2D(8, 5)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
