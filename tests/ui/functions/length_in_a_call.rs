mod blocks {
    use mimo::prelude::*;

    functions! {
        pub fn residual(x, filters) {
            let h = Conv2D(filters, 3, padding = same)(x);
            add([x, h])
        }
    }
}

use mimo::prelude::*;

const FILTERS: usize = 5;

model! {
    Net {
        use blocks::residual;

        let image = Input(shape = [8, 8, 3]);
        let y = residual(image, FILTERS);
        Model(inputs = [image], outputs = [y])
    }
}

fn main() {}
