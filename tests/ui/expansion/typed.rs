use mimo::prelude::*;

model! {
    pub Net {
        fn head(x: Tensor, units: usize) -> Tensor { Dense(units)(x) }
        
        let x = Input(shape = [8]);
        let y = head(x, 1);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
