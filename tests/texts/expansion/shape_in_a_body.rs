use mimo::prelude::*;

model! {
    pub Net {
        fn residual(x, units) {
            let h = Dense(units)(x);
            add([x, h])
        }
        
        let x = Input(shape = [8]);
        let h = residual(x, 8);
        let y = residual(h, 4);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
