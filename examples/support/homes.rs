// The model of `19_table`, which trains it, and of `20_load_table` and `22_serve_table`, which load it.
model! {
    /// The price of a home, and whether it is sold within a month.
    pub Homes {
        let numbers = Input(shape = [3]);
        let district = Input(shape = [1], dtype = "int32");
        let x = concatenate([numbers, Flatten()(Embedding(9, 4)(district))]);
        let x = Dense(32, activation = relu)(Dense(32, activation = relu)(x));
        let price = Dense(1)(x);
        let sold = Dense(1, activation = sigmoid)(x);
        Model(inputs = [numbers, district], outputs = [price, sold])
            .compile(optimizer = Adam(3e-3), loss = { price: mse, sold: binary_crossentropy }, metrics = { sold: [accuracy] })
    }
}
