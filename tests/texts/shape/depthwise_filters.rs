use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 8, 4]);
        let y = DepthwiseConv2D(filters = 8, kernel_size = 3)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
