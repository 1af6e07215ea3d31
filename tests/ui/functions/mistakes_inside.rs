use mimo::prelude::*;

functions! {
    const DEPTH: usize = 3;

    fn norm(x) { BatchNormalisation()(x) }

    pub fn block(x, filters) {
        let h = norm(Conv2D(filters, 3, pading = same)(x));
        add([x, h])
    }

    pub fn tower(x, depth = DEPTH) {
        for i in 0..depth { let x = blok(x, 8); }
        x
    }
}

model! {
    Net {
        use block;
        use tower as build;

        let image = Input(shape = [8, 8, 3]);
        let x = build(block(image, filters = 4, activation = relu), 2);
        let y = Dens(3)(x);
        Model(inputs = [image], outputs = [y]).compile(optimizer = Adam(), loss = mse)
    }
}

model! {
    Other {
        use block;

        let image = Input(shape = [8, 8, 3]);
        let y = block(image, 3);
        Model(inputs = [image], outputs = [y]).compile(optimizer = Adam(), loss = mse)
    }
}

fn main() {
    let _ = (Net::new(1), Other::new(2));
}
