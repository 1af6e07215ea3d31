use mimo::prelude::*;

model! {
    /// One head for two inputs, which has two names.
    pub Net {
        let a = Input(shape = [8]);
        let b = Input(shape = [8]);
        let head = Dense(1, activation = sigmoid);
        let left = head(a);
        let right = head(b);
        Model(inputs = [a, b], outputs = [left, right])
            .compile(optimizer = SGD(1), loss = { left: binary_crossentropy, right: mse })
    }
}

#[test]
fn compiles() {
    Net::new(0);
}
