use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Dense(COUNT)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}


const COUNT: i64 = 3;

fn main() {}
