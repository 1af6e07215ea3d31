mod blocks {
    use mimo::prelude::*;

    functions! {
        fn hidden(x) { Dense(3)(x) }

        fn never(x) { x }

        pub fn seen(x) { hidden(x) }
    }

    model! {
        Net {
            use seen;

            let x = Input(shape = [4]);
            let y = hidden(seen(x));
            Model(inputs = [x], outputs = [y])
        }
    }
}

pub use blocks::seen as renamed;

mimo::model! {
    Other {
        use renamed;

        let x = Input(shape = [4]);
        let y = renamed(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
