use mimo::prelude::*;

model! {
    pub Net {
        const TWICE: usize = super_const::WIDTH * 2;
        let x = Input(shape = [TWICE, 1]);
        let h: [super_const::WIDTH * 2] = Flatten()(x);
        let y = Dense(usize::pow(2, 3))(h);
        Model(inputs = x, outputs = y)
    }
}

mod super_const {
    pub(super) const WIDTH: usize = 3;
}

#[test]
fn compiles() {
    Net::new(0);
}
