//! Declarations of the weights of a layer.

/// Defines the struct of a layer's weights, in the layer's order, and its
/// [`LayerWeights`](crate::weights::LayerWeights).
macro_rules! weights {
    (
        $(#[$about:meta])*
        pub struct $layer:ident<$(const $size:ident: usize,)* E: Dtype, D: Storage<E>> {
            $($(#[$doc:meta])* pub $weight:ident: $tensor:ty,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub struct $layer<$(const $size: usize,)* E: Dtype, D: Storage<E>> {
            $($(#[$doc])* pub $weight: $tensor,)+
        }

        impl<$(const $size: usize,)* E: $crate::float::Float, D: dfdx::tensor_ops::Device<E>> $crate::weights::LayerWeights<E, D>
            for $layer<$($size,)* E, D>
        {
            type To<E2: Dtype, D2: dfdx::tensor_ops::Device<E2>> = $layer<$($size,)* E2, D2>;
            type Next<First: $crate::weights::Number> = next_number!(First, $($weight)+);

            fn visit<Whole, Visitor, First>(
                visitor: &mut Visitor,
                get: impl Fn(&Whole) -> &Self + Copy,
                get_mut: impl Fn(&mut Whole) -> &mut Self + Copy,
            ) -> ::core::result::Result<Option<Self::To<Visitor::E2, Visitor::D2>>, Visitor::Err>
            where
                Whole: dfdx::nn::tensor_collection::TensorCollection<E, D> + $crate::weights::Weights,
                Visitor: dfdx::nn::tensor_collection::ModuleVisitor<Whole, E, D>,
                First: $crate::weights::Number,
            {
                visit_weights!(Whole, visitor, get, get_mut, First, $($weight)+);
                let ($(Some($weight),)+) = ($($weight,)+) else { return Ok(None) };
                Ok(Some($layer { $($weight),+ }))
            }
        }

        impl<$(const $size: usize,)* E: Dtype> $crate::weights::Made<E> for $layer<$($size,)* E, dfdx::tensor::Cpu> {
            fn make(
                maker: &mut $crate::weights::Maker<'_, E>,
                next: &mut usize,
            ) -> ::core::result::Result<Self, $crate::error::Error> {
                Ok($layer { $($weight: maker.next(next)?),+ })
            }
        }
    };
}

/// The number after these weights, of which the first has the number `$number`.
macro_rules! next_number {
    ($number:ty,) => { $number };
    ($number:ty, $weight:ident $($further:ident)*) => {
        next_number!($crate::weights::After<$number>, $($further)*)
    };
}

/// Calls a visitor with each weight in order, and binds each to its name.
macro_rules! visit_weights {
    ($model:ty, $visitor:ident, $get:ident, $get_mut:ident, $number:ty,) => {};
    ($model:ty, $visitor:ident, $get:ident, $get_mut:ident, $number:ty, $weight:ident $($further:ident)*) => {
        const { $crate::weights::assert_name::<$model, $number>(stringify!($weight)) }
        let $weight = $crate::weights::visit::<$model, _, _, $number, E, D>(
            $visitor,
            |model| &$get(model).$weight,
            |model| &mut $get_mut(model).$weight,
        )?;
        visit_weights!(
            $model, $visitor, $get, $get_mut, $crate::weights::After<$number>, $($further)*
        );
    };
}
