use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 6]);
        let g = Permute((2, 1))(x);
        let h = Dot(axes = 2)([x, g]);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
