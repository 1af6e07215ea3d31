use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [6, 2]);
        let y = Conv1D(8, 4, dilation_rate = 2)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
