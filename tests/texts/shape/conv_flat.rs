use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [784]);
        let y = Conv1D(8, 3)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
