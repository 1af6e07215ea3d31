use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 8, 4]);
        let y = Conv2D(FILTERS, 3, groups = 2)(x);
        Model(inputs = [x], outputs = [y])
    }
}

const FILTERS: usize = 3;

fn main() {}
