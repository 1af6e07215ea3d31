use mimo::prelude::*;

model! {
    Net {
        let x = Input(shape = [4]);
        let h = Dense(8, name = "trunk")(x);
        let head = Dense(2)(h);
        Model(inputs = [x], outputs = [head]).compile(optimizer = Muon(exclude_layers = ["hed"]), loss = mse)
    }
}

fn main() {}
