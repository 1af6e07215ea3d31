use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [6]);
        let h = Dot(axes = 1)([x]);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
