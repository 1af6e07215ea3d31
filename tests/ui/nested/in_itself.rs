use mimo::prelude::*;

model! {
    Net {
        use Net;

        let x = Input(shape = [4]);
        let y = Net()(x);
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    Deep {
        use crate::Deep;

        let x = Input(shape = [4]);
        let y = Deep()(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {
    Net::new(1);
}
