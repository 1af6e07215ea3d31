use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let heads = for i in 0..2 {
            for j in 0..3 { Dense(4)(x) }
        };
        let y = concatenate(heads);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
