use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 8]);
        let y = concatenate([x[:, 0:3], x[:, :, 2:6], x[3:]], axis = 1);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
