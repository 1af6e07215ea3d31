use mimo::prelude::*;

model! {
    Net {
        let grid = Input(shape = [5, 6, 4]);
        let rows = Input(shape = [5]);
        let a = BatchNormalization()(grid, mask = rows);
        let b = Softmax()(grid, mask = rows);
        Model(inputs = [grid, rows], outputs = [a, b])
    }
}

fn main() {}
