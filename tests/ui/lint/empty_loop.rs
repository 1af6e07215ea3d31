use mimo::prelude::*;

model! {
    #[deny(mimo::empty_loop)]
    pub Net {
        let x = Input(shape = [8]);
        for i in 4..0 {
            let _h = Dense(8)(x);
        }
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
