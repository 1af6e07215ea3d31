use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let kind = Dense(3, activation = softmax)(x);
        Model(inputs = [x], outputs = [kind]).compile(loss = sparse_categorical_crossentropy)
    }
}

fn main() {
    let _ = NetTargets { kind: Cpu::default().tensor([[1.0f32], [0.0]]) };
}
