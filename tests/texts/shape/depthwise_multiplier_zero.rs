use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 8, 4]);
        let y = DepthwiseConv2D(3, depth_multiplier = 0)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
