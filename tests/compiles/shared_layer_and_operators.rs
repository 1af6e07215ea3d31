use mimo::prelude::*;

model! {
    pub Net {
        let a = Input(shape = (8,));
        let b = Input(shape = [8]);
        let enc = Dense(4);
        let distance = enc(a) - enc(b);
        let near: [4] = distance * distance + (enc(a));
        let y = Dense(1)(Dropout(0.5)(near));
        Model([a, b], { similarity: y })
    }
}

#[test]
fn compiles() {
    Net::new(0);
}
