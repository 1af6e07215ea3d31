use mimo::prelude::*;

model! {
    pub Net {
        fn residual(x, units) {
            let h = Dense(units)(x);
            add([x, h])
        }
        
        let x = Input(shape = [8]);
        let y = residual(x, unit = 8);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
