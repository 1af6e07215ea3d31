use mimo::data::Random;
use mimo::prelude::*;

model! {
    /// Priority and department of a support ticket.
    pub Ticket {
        const TAGS: usize = 12;
        const WORDS: usize = 10_000;
        const DEPARTMENTS: usize = 4;

        let title = Input(shape = [10], dtype = "int32");
        let body = Input(shape = [100], dtype = "int32");
        let tags = Input(shape = [TAGS]);

        let title_features = Embedding(WORDS, 64)(title);
        let body_features = Embedding(WORDS, 64)(body);
        let title_features = LSTM(128)(title_features);
        let body_features = LSTM(32)(body_features);
        let x = concatenate([title_features, body_features, tags]);

        let priority = Dense(1)(x);
        let department = Dense(DEPARTMENTS)(x);

        Model(inputs = [title, body, tags], outputs = [priority, department]).compile(
            optimizer = RMSprop(1e-3),
            loss = {
                priority: BinaryCrossentropy(from_logits = true),
                department: CategoricalCrossentropy(from_logits = true),
            },
            loss_weights = { priority: 1.0, department: 0.2 },
        )
    }
}

fn main() -> mimo::Result<()> {
    let mut random = Random::new(1);
    let rows = 320;
    let mut words =
        |steps| (0..rows * steps).map(|_| random.below(Ticket::WORDS)).collect();
    let (title, body): (Vec<usize>, Vec<usize>) = (words(10), words(100));
    let mut bits =
        |columns| (0..rows * columns).map(|_| random.below(2) as f32).collect();
    let (tags, priority): (Vec<f32>, Vec<f32>) = (bits(Ticket::TAGS), bits(1));
    let department: Vec<f32> = (0..rows)
        .map(|_| random.below(Ticket::DEPARTMENTS))
        .flat_map(|class| {
            (0..Ticket::DEPARTMENTS).map(move |it| f32::from(it == class))
        })
        .collect();

    let inputs = TicketInputs {
        title: tensor(title)?,
        body: tensor(body)?,
        tags: tensor(tags)?,
    };
    let targets = TicketTargets {
        priority: tensor(priority)?,
        department: tensor(department)?,
    };

    let mut model = Ticket::new(42);
    let mut trainer = Trainer::new(&mut model)?;
    let options =
        FitOptions::new().epochs(2).batch_size(32).verbose(Verbose::Silent);
    let history = trainer.fit((&inputs, &targets), options)?;
    trainer.finish();

    println!("{}", Ticket::summary());
    println!("keys: {:?}", history.keys());
    for epoch in history.epochs() {
        let [priority, department] =
            [epoch.train.priority.loss, epoch.train.department.loss];
        println!(
            "epoch {}: loss {:.3} = {priority:.3} + 0.2 · {department:.3}",
            epoch.epoch + 1,
            epoch.train.loss,
        );
    }
    Ok(())
}
