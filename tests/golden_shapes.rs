//! Operations that move values against the numbers of `keras.ops`: outputs, and gradients through them.

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;

layers! {
    "shapes.json":
    slices: "slices", Slices, SlicesInputs, SlicesTargets, [a => x: 24] {
        let x = Reshape([2, 3, 4])(x);
        let y = concatenate([
            Flatten()(x[0]), Flatten()(x[-1]), Flatten()(x[.., 1]), Flatten()(x[.., .., 0..3]), Flatten()(x[1..]),
            Flatten()(x[..-1]), Flatten()(x[.., 0..=1]), Flatten()(x[.., .., -3..]), x[0, 1..3, -1], Flatten()(x[..]),
            Flatten()(x[.., -3..2]), Flatten()((x * 2.0)[1, .., 2..]), Flatten()(exp(x)[0]), Reshape([1])(x[0][1][2]),
            Flatten()(get_item(x, [none, [0, 2], 3])),
        ]);
    }
    indices: "indices", Indices, IndicesInputs, IndicesTargets, [a => x: 24] {
        const LAST: usize = 2;
        fn column(x, at) { x[.., at] }
        let x = Reshape([2, 3, 4])(x);
        let products = for i in 0..2 { x[i, 1] * x[1 - i, ..2][1] };
        let y = concatenate([add(products), Flatten()(x[LAST - 1, 0..LAST + 1]), Flatten()(column(x, LAST))]);
    }
    orders: "orders", Orders, OrdersInputs, OrdersTargets, [a => x: 24] {
        let x = reshape(x, [-1, 2, 3, 4]);
        let y = concatenate([
            Flatten()(transpose(x, axes = [0, 2, 1, 3])), Flatten()(transpose(x, (0, -1, 1, 2))),
            Flatten()(transpose(exp(x), axes = [0, 3, 2, 1])), Flatten()(reshape(x, [-1, 4, 6])), Flatten()(reshape(x, (-1, 2, -1))),
            Flatten()(expand_dims(x, axis = 1) * 2.0), Flatten()(expand_dims(x, -1)),
            Flatten()(squeeze(expand_dims(x[..1], [1, 4]) * 3.0, axis = [1, 2])), Flatten()(squeeze(x[0..1, .., 1..2], 1)),
            Flatten()(x * expand_dims(x[.., 0], axis = 2)), Flatten()(squeeze(x[1.., 2..])),
        ]);
    }
    copies: "copies", Copies, CopiesInputs, CopiesTargets, [a => x: 24] {
        let x = reshape(x, [-1, 2, 3, 4]);
        let y = concatenate([
            Flatten()(flip(x, axis = 1)), Flatten()(flip(x, -1)), Flatten()(flip(x, axis = [2, 3])), Flatten()(flip(x, (1, 3)) * x),
            Flatten()(repeat(x, 2, axis = 1)), Flatten()(repeat(x, 3, axis = -1)), Flatten()(repeat(x[0], 2, axis = 1) * x[0, ..1]),
            Flatten()(tile(x, 2)), Flatten()(tile(x, [1, 2, 1, 3])), Flatten()(tile(x[0], repeats = [2, 2])),
        ]);
    }
    lists: "lists", Lists, ListsInputs, ListsTargets, [p => a: 12, q => b: 12] {
        let a = Reshape([3, 4])(a);
        let b = Reshape([3, 4])(b);
        let (first, second, third) = split(a * b, 3, axis = 1);
        let (left, middle, right) = split(b, [1, 3], axis = -1);
        let columns = unstack(a, axis = 2);
        let products = for i in 0..1 { a * b };
        let stacked = stack([a, b, products], axis = 1);
        let y = concatenate([
            Flatten()(stacked), Flatten()(stack([a, b], axis = 2)), Flatten()(stack(x = [b, a], axis = -1)),
            Flatten()(stack([a, b], 3) * 2.0), Flatten()(first + third), Flatten()(second), Flatten()(left * right), Flatten()(middle),
            columns[3] - columns[0], Flatten()(stack(columns, axis = 1)), exp(stacked)[2, 0],
        ]);
    }
    casts: "casts", Casts, CastsInputs, CastsTargets, [a => x: 6] {
        let halves = cast(x * 4.0, "int32");
        let y = concatenate([cast(halves, float) * x, trunc(x * 3.0) + x, cast(halves > 0, float64)]);
    }
}
