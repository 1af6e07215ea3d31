use mimo::prelude::*;

model! {
    Net {
        let x = Input(shape = [4]);
        let y = Dense(2, activation = sigmoid)(x);
        Model(inputs = [x], outputs = [y]).compile(
            loss = binary_crossentropy(label_weights = [0.0, 0]),
            metrics = [Precision(thresholds = []), Recall(top_k = 0), BinaryIoU(target_class_ids = [])],
        )
    }
}

fn main() {}
