use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 8]);
        let (h, s): [3] = GRU(3, return_state = true)(x);
        let y = add([h, s]);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
