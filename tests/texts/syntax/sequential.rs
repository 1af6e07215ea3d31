use mimo::prelude::*;

model! {
    pub Net {
        Sequential([Input(shape = [8]), Dense(3), Dense(1)]).compile(optimizer = Adam(), loss = mse)
    }
}

fn main() {}
