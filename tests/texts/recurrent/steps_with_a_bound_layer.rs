use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let each = Dense(4);
        let y = TimeDistributed(each)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
