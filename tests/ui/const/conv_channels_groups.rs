use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 8, CHANNELS]);
        let y = Conv2D(8, 3, groups = 2)(x);
        Model(inputs = [x], outputs = [y])
    }
}

const CHANNELS: usize = 3;

fn main() {}
