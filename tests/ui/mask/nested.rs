use mimo::prelude::*;

model! {
    Encoder {
        let x = Input(shape = [8, 4]);
        let h = Dense(4)(x);
        let y = Flatten()(Conv1D(3, 3, name = "windows")(h));
        let z = GlobalMaxPooling1D()(h);
        Model(inputs = [x], outputs = [y, z])
    }
}

model! {
    // Its own mask is lost inside, which is said there.
    Reader {
        let words = Input(shape = [8], dtype = "int32");
        #[allow(mimo::lost_mask)]
        let y = Flatten()(Embedding(9, 4, mask_zero = true)(words));
        Model(inputs = [words], outputs = [y])
    }
}

model! {
    #[deny(mimo::lost_mask)]
    Net {
        use Encoder;
        use Reader;

        let words = Input(shape = [8], dtype = "int32");
        let h = Embedding(9, 4, mask_zero = true)(words);
        let encoder = Encoder();
        let (a, b) = encoder(h);
        let c = Reader()(words);
        let (d, e) = encoder(Embedding(9, 4)(words));
        #[allow(mimo::lost_mask)]
        let (f, g) = encoder(h);
        Model(inputs = [words], outputs = [a, b, c, d, e, f, g])
    }
}

fn main() {}
