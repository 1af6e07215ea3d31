use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = if crate::DEEP { Dense(4)(x) } else { x };
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
