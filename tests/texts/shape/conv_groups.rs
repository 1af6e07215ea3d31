use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 8, 3]);
        let y = Conv2D(8, 3, groups = 2)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
