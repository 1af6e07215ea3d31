use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 8, 4]);
        let y = DepthwiseConv2D(3, strides = 2, dilation_rate = 2)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
