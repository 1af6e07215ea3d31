use mimo::prelude::*;

model! {
    /// Every warning that mimo gives about it is allowed.
    #[allow(dead_code, mimo::unused_tensor, mimo::unused_layer)]
    pub Net {
        let x = Input(shape = [2]);
        let probe = Dense(8)(x);
        let never_called = Dense(8);
        let labels = Dense(3, activation = sigmoid)(x);
        let count = Dense(1)(x);
        #[allow(mimo::accuracy_of_labels, mimo::negative_predictions)]
        Model(inputs = [x], outputs = [labels, count])
            .compile(loss = { labels: binary_crossentropy, count: poisson }, metrics = { labels: accuracy })
    }
}

model! {
    pub Other {
        let x = Input(shape = [2]);
        #[allow(mimo::unused_tensor, reason = "it shows where the attribute goes")]
        let probe = Dense(8)(x);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

#[test]
fn compiles() {
    let _ = Net::new(0);
    let _ = Other::new(0);
}
