//! Products of tensors, and functions over axes, against the numbers of `keras.ops`: outputs, and gradients through them.

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;

layers! {
    "products.json":
    matmul: "matmul", Products, ProductsInputs, ProductsTargets, [p => a: 24, q => b: 24] {
        let flat = Flatten();
        let rows = Reshape([4, 6])(a);
        let columns = Reshape([6, 4])(b);
        let first = Cropping1D((0, 3))(rows);
        let y = concatenate([
            flat(matmul(rows, columns)), Flatten()(matmul(Reshape([2, 3, 4])(a), Reshape([2, 4, 3])(b))),
            Flatten()(matmul(Reshape([2, 3, 4])(a), x2 = Reshape([1, 4, 6])(b))),
            Flatten()(matmul(Reshape([1, 6, 4])(a), Reshape([3, 4, 2])(b))),
            Flatten()(matmul(Reshape([2, 3, 4])(a), Reshape([4, 6])(b))),
            Flatten()(matmul(Reshape([3, 8])(a), Reshape([3, 8, 1])(b))),
            Reshape([1])(matmul(a, b)), matmul(rows, Flatten()(Cropping1D((0, 3))(Reshape([4, 6])(b)))),
            matmul(Flatten()(first), columns),
        ]);
    }
    einsum: "einsum", Equations, EquationsInputs, EquationsTargets, [p => a: 24, q => b: 24] {
        fn cut(x, n) { Flatten()(Cropping1D((0, 24 - n))(Reshape([24, 1])(x))) }
        let x = Reshape([4, 6])(a);
        let y = Reshape([4, 6])(b);
        let columns = Reshape([6, 4])(b);
        let cube = Reshape([2, 3, 4])(a);
        let y = concatenate([
            Flatten()(einsum("bij,bjk->bik", x, columns)),
            Flatten()(einsum("bqhd,bkhd->bhqk", Reshape([3, 2, 4])(a), Reshape([3, 2, 4])(b))),
            Flatten()(einsum("bhqk,bkhd->bqhd", cube, Reshape([4, 2, 3])(b))),
            Flatten()(einsum("bij,bkj->bki", x, y)), einsum("bi,bi->bi", a, b), Reshape([1])(einsum("bi,bi->b", a, b)),
            einsum("bij,bj->bi", x, cut(b, 6)), Flatten()(einsum("bij,bik->bkj", x, y)),
            Flatten()(einsum("bijk,bk->bij", cube, cut(b, 4))), einsum("bij,bjk->bk", x, columns),
            Flatten()(einsum("bhij,bhjk->bikh", cube, Reshape([2, 4, 3])(b))),
            einsum("bii,bij->bj", Reshape([4, 4])(cut(a, 16)), y),
            Flatten()(einsum("bxyc,bxyd->bcd", cube, Reshape([2, 3, 4])(b))),
            Flatten()(einsum("bih,bjh->bijh", Reshape([3, 8])(a), Reshape([3, 8])(b))),
            Flatten()(einsum("b...ij,b...jk->b...ik", cube, Reshape([2, 4, 3])(b))),
            Flatten()(einsum("...ij, ...jk -> ...ik", x1 = cube, x2 = Reshape([1, 4, 6])(b))),
        ]);
    }
    rearranged: "rearranged", Rearranged, RearrangedInputs, RearrangedTargets, [a => x: 24] {
        let y = Reshape([4, 6])(x);
        let z = Reshape([2, 3, 4])(x);
        let d = Reshape([4, 4])(Flatten()(Cropping1D((0, 8))(Reshape([24, 1])(x))));
        let y = concatenate([
            Flatten()(einsum("bij->bji", y)), einsum("bij->bi", y), einsum("bij->bj", y), Flatten()(einsum("bijk->bkj", z)),
            einsum("bii->bi", d), Reshape([1])(einsum("bii->b", d)), Flatten()(einsum("b...k->bk...", z)),
            Flatten()(einsum("...ij->...ji", z)),
        ]);
    }
    attention: "attention", Attention, AttentionInputs, AttentionTargets, [a => q: 24, b => k: 24, c => v: 24] {
        let q = Reshape([3, 2, 4])(q);
        let scores = einsum("bqhd,bkhd->bhqk", q, Reshape([3, 2, 4])(k)) / 2.0;
        let y = Flatten()(einsum("bhqk,bkhd->bqhd", softmax(scores), Reshape([3, 2, 4])(v)));
    }
    reduced: "reduced", Reduced, ReducedInputs, ReducedTargets, [a => x: 24] {
        let x = Reshape([2, 3, 4])(x);
        let y = concatenate([
            Flatten()(prod(x, axis = -1)), var(x, axis = (1, 3)), Flatten()(std(x, axis = 1)), Flatten()(norm(x, axis = -1)),
            norm(x, axis = (2, 3)), Flatten()(logsumexp(x, axis = 2, keepdims = true)), Flatten()(any(x > 0.5, axis = -1)),
            Flatten()(all(x > -1.0, axis = 1)), Flatten()(cumsum(x, axis = 1)), Flatten()(cumsum(x, -1)),
            Flatten()(var(x, axis = -2, keepdims = true)),
        ]);
    }
    softmaxes: "softmaxes", Softmaxes, SoftmaxesInputs, SoftmaxesTargets, [a => x: 24] {
        let x = Reshape([2, 3, 4])(x);
        let y = concatenate([
            Flatten()(softmax(x)), Flatten()(softmax(x, axis = 1)), Flatten()(softmax(x, (1, 3))),
            Flatten()(log_softmax(x, axis = 2)), Flatten()(softmax(x, axis = (2, 3))), Flatten()(log_softmax(x = x)),
        ]);
    }
    places: "places", Places, PlacesInputs, PlacesTargets, [a => x: 24] {
        let x = Reshape([4, 6])(x);
        let chosen = CategoryEncoding(6, output_mode = one_hot)(argmax(x));
        let y = concatenate([
            1.0 * argmax(x), 1.0 * argmin(x, axis = 1), 1.0 * Flatten()(argmax(x, axis = 2, keepdims = true)),
            Flatten()(chosen * x),
        ]);
    }
    activations: "activations", Activations, ActivationsInputs, ActivationsTargets, [a => x: 6] {
        let y = concatenate([
            relu6(x), selu(x), log_sigmoid(x), softplus(x), softsign(x), tanh_shrink(x), hard_sigmoid(x), hard_silu(x), hard_swish(x),
            hard_tanh(x), silu(x), swish(x), mish(x), sparse_plus(x), sparse_sigmoid(x), celu(x), elu(x), leaky_relu(x), squareplus(x),
            hard_shrink(x), soft_shrink(x), gelu(x), gelu(x, approximate = true), elu(x, 0.5), leaky_relu(negative_slope = 0.1, x = x),
            threshold(x, 0.4, -0.5), glu(x), relu(x, max_value = 1.0), exponential(x),
        ]);
    }
}

mimo::model! {
    /// The class of the largest score, and its vector.
    Classes {
        let x = Input(shape = [4]);
        let class = argmax(x);
        let vector = Embedding(4, 2, embeddings_initializer = Constant(0.5))(class);
        Model(inputs = [x], outputs = [class, vector])
    }
}

#[test]
fn places_are_looked_up_and_are_outputs() {
    let x = mimo::prelude::tensor::<(usize, mimo::dfdx::prelude::Const<4>), f32>(vec![
        0.5, 2.0, -1.0, 2.0, 7.0, 0.0, 1.0, 2.0,
    ]);
    let given = Classes::<f32>::build(1).forward(&ClassesInputs { x: x.unwrap() }).unwrap();
    assert_eq!(given.class.as_vec(), [1, 0]);
    assert_eq!(given.vector.as_vec(), [0.5; 4]);
}
