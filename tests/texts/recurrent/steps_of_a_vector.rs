use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let v = Flatten()(x);
        let y = TimeDistributed(Dense(4))(v);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
