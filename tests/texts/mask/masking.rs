use mimo::prelude::*;

model! {
    Net {
        let x = Input(shape = [7, 4]);
        let ids = Input(shape = [7], dtype = "int32");
        let number = Input(shape = []);
        let a = Masking("zero")(x);
        let b = Masking()(ids);
        let c = Masking()(number);
        Model(inputs = [x, ids, number], outputs = [a, b, c])
    }
}

fn main() {}
