use mimo::prelude::*;

model! {
    #[deny(mimo::setting_without_effect, mimo::normalization_of_one_value)]
    Net {
        let x = Input(shape = [6, 1]);
        let h = Dense(3, use_bias = false, bias_initializer = ones)(x);
        let n = LayerNormalization(center = false, beta_regularizer = L2(0.1))(x);
        let y = Dense(1, activation = sigmoid)(Flatten()(concatenate([h, n])));
        Model(inputs = [x], outputs = [y]).compile(
            loss = binary_focal_crossentropy(alpha = 0.9),
            metrics = [AUC(num_thresholds = 50, thresholds = [0.1, 0.5])],
        )
    }
}

fn main() {}
