use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 4, 1]);
        let y = Conv2D(8, 5)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
