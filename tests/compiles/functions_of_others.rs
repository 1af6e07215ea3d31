use mimo::prelude::*;

mod blocks {
    mimo::functions! {
        const RATE: f32 = 0.5;

        fn drop(x) { Dropout(RATE)(x) }

        pub fn hidden(x, units, r#type = relu) { drop(Dense(units, activation = r#type)(x)) }

        pub(super) fn pair(x) { (hidden(x, 2), hidden(x, 3)) }

        pub fn unused_elsewhere(x) { x }
    }
}

model! {
    Net {
        use blocks::hidden;
        use self::blocks::pair as two;

        let x = Input(shape = [4]);
        let (a, b) = two(hidden(x, 8, r#type = tanh));
        for i in 0..2 { let b = hidden(b, units = i + 1); }
        let y = Dense(1)(concatenate([a, b]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = mse)
    }
}

#[test]
fn compiles() {
    Net::new(1);
}
