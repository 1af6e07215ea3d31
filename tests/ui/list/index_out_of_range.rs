use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let heads = for i in 0..3 { Dense(4)(x) };
        let y = add([heads[0], heads[3]]);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
