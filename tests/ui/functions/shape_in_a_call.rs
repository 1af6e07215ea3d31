mod blocks {
    use mimo::prelude::*;

    functions! {
        fn conv(x, filters) { Conv2D(filters, 3, padding = same)(x) }

        /// One residual block.
        pub fn residual(x, filters) {
            let h = conv(x, filters);
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
        let x = residual(image, 3);
        let a = residual(x, filters = 4);
        let b = residual(x, FILTERS);
        let c = residual(Flatten()(x), 3);
        let d = residual(x);
        let y = concatenate([a, b, c, d]);
        Model(inputs = [image], outputs = [y])
    }
}

fn main() {}
