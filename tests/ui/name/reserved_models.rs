use mimo::prelude::*;

model! {
    pub __Plan {
        let x = Input(shape = [4]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    pub f32 {
        let x = Input(shape = [4]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
