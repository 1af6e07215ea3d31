use mimo::data::ArrayDataset;
use mimo::prelude::*;

model! {
    pub Small {
        let x = Input(shape = [4]);
        let h = Dense(8, activation = relu)(x);
        let kind = Dense(3, activation = softmax)(h);
        let risk = Dense(1, activation = sigmoid)(h);

        Model(inputs = [x], outputs = [kind, risk]).compile(
            optimizer = Adam(),
            loss = { kind: sparse_categorical_crossentropy, risk: binary_crossentropy },
            metrics = { risk: [auc] },
        )
    }
}

model! {
    pub Other {
        let x = Input(shape = [5]);
        let y = Dense(2)(x);
        Model(inputs = [x], outputs = [y])
    }
}

/// Four rows with these classes and risks.
fn data(kind: Vec<usize>, risk: Vec<f32>) -> Result<ArrayDataset<Small>> {
    let inputs = SmallInputs { x: tensor(vec![0.5; 16])? };
    let targets = SmallTargets { kind: tensor(kind)?, risk: tensor(risk)? };
    ArrayDataset::new(&inputs, &targets)
}

fn train(kind: Vec<usize>, risk: Vec<f32>, monitor: &str) -> Result<()> {
    let data = data(kind, risk)?;
    let mut model = Small::new(1);
    let options = FitOptions::new().epochs(2).verbose(Verbose::Silent);
    let options = options.callback(EarlyStopping::new(monitor));
    Trainer::new(&mut model)?.fit(&data, options).map(|_| ())
}

fn show(what: &str, result: Result<()>) {
    match result {
        Ok(()) => println!("{what}: no error"),
        Err(error) => println!("{what}:\n  {error}"),
    }
}

fn main() -> mimo::Result<()> {
    let (kind, risk) = (vec![0, 1, 2, 1], vec![0.0, 1.0, 1.0, 0.0]);

    show("a class index", train(vec![0, 1, 7, 1], risk.clone(), "loss"));
    show("a probability", train(kind.clone(), vec![0.0, 1.5, 1.0, 0.0], "loss"));
    show("NaN", train(kind.clone(), vec![0.0, 1.0, f32::NAN, 0.0], "loss"));
    show("a number of rows", data(kind.clone(), vec![1.0]).map(|_| ()));
    show("a tensor", tensor::<(usize, Const<4>), f32>(vec![0.5; 15]).map(|_| ()));
    show("a callback", train(kind.clone(), risk.clone(), "risk_acc"));
    Other::new(1).save("other.safetensors")?;
    show("a file", Small::load("other.safetensors").map(|_| ()));
    show("nothing", train(kind, risk, "loss"));

    // Errors are values: a program can tell them apart.
    if let Err(Error::RowsDiffer { name, rows, .. }) =
        data(vec![0; 3], vec![0.0; 4])
    {
        println!("`{name}` has {rows} rows");
    }
    Ok(())
}
