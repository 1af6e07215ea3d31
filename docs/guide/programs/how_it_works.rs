use mimo::prelude::*;

model! {
    pub Tiny {
        let image = Input(shape = [8, 8, 1]);
        let x = Conv2D(4, 3, activation = relu)(image);
        let x = MaxPooling2D(2)(x);
        let x = Flatten()(x);
        let kind = Dense(3, activation = softmax)(x);
        let size = Dense(1)(Dense(8, activation = relu)(x));

        Model(inputs = [image], outputs = [kind, size]).compile(
            optimizer = Adam(),
            loss = { kind: sparse_categorical_crossentropy, size: mse },
        )
    }
}

fn main() -> mimo::Result<()> {
    println!("{}", Tiny::summary());

    let graph = <Tiny as Model>::GRAPH;
    println!("{} layers as written:", graph.layers.len());
    for layer in graph.layers {
        println!("  {}", layer.name);
    }

    let plan = <Tiny as Model>::PLAN;
    println!("{} operations to execute:", plan.operations.len());
    for step in plan.operations {
        let kind = format!("{:?}", step.operation);
        println!(
            "  {:<8} {}",
            step.name,
            kind.split(['(', ' ']).next().unwrap_or("")
        );
    }
    println!("backward: heads {:?}, then trunk {:?}", plan.heads, plan.trunk);
    println!("{} buffers per chunk of samples", plan.buffers.len());
    mimo::plot::model_graph::<Tiny>().save("graph.svg")
}
