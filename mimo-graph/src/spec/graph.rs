//! The graph of a model as static data: layers with all of their arguments, calls and tensors, before fusion.
//!
//! The types are declared once and exist twice: in [`built`] with vectors, and with lengths that may be expressions, for the
//! macro; and in [`fixed`] with static slices, for generated code. (Generic lists, or `Cow`s, take rustc twice as long.)

use std::borrow::Cow;

use crate::describe::{Describe, Holds, Literal};
use crate::names::field::snake_case;
use crate::shape::Dtype;

/// Declares the types for some `List<T>`, `Text` and `Length` of the module.
macro_rules! graph_types {
    () => {
        describe! {
            /// A model as its description says it: layers, their calls, and the tensors between them.
            ///
            /// Layers, tensors and nested models are named by their indices. Loops, functions and nested models are expanded: a
            /// layer of a nested model is a layer here. How the model is compiled is in
            /// [`ModelSpec`](crate::spec::ModelSpec): its outputs have the same order.
            #[derive(Clone, Debug, PartialEq)]
            pub struct GraphSpec {
                /// Layers, in the order in which the description makes them. A layer that no call names is not needed by any output.
                pub layers: List<GraphLayer>,
                /// Calls that some output needs, in topological order.
                pub calls: List<LayerCall>,
                /// Tensors: the inputs, and what the calls output.
                pub tensors: List<GraphTensor>,
                /// Nested models, in the order in which the description makes them. What they have in turn is part of them.
                pub models: List<NestedModel>,
                /// Inputs, in order.
                pub inputs: List<GraphPort>,
                /// Outputs, in order.
                pub outputs: List<GraphPort>,
            }
        }

        /// A layer with its arguments.
        #[derive(Clone, Debug, PartialEq)]
        pub struct GraphLayer {
            /// Its name, after that of the nested model or the layer that it belongs to: `encoder/conv2d`.
            pub name: Text,
            /// Its class and arguments, without `name` and `trainable`.
            pub item: ItemSpec,
            /// The names of its weights in files, in Keras's order: `encoder/conv2d/kernel`.
            pub weights: List<Text>,
            /// Whether training changes its weights.
            pub trainable: bool,
            /// The nested model that it belongs to.
            pub model: Option<usize>,
            /// The layer of which it is a part: the `Bidirectional` of a direction.
            pub whole: Option<usize>,
            /// The layers that are parts of it: the directions of a `Bidirectional`. Their calls come before its own, which joins
            /// what they output; with `merge_mode = none` it has no call of its own.
            pub parts: List<usize>,
        }

        impl Describe for GraphLayer {
            fn literal(&self) -> Literal {
                let GraphLayer { name, item, weights, trainable, model, whole, parts } = self;
                let mut fields = vec![("name", name.literal()), ("item", item.literal())];
                // Each field costs users' compile time, and most layers have none of these.
                let others = [
                    ("weights", weights.is_empty(), weights.literal()),
                    ("trainable", *trainable, trainable.literal()),
                    ("model", model.is_none(), model.literal()),
                    ("whole", whole.is_none(), whole.literal()),
                    ("parts", parts.is_empty(), parts.literal()),
                ];
                let others = others.into_iter().filter(|(_, is_plain, _)| !is_plain);
                fields.extend(others.map(|(name, _, value)| (name, value)));
                Literal::Updated { name: "GraphLayer", fields, base: "PLAIN" }
            }
        }

        describe! {
            /// An argument with its value.
            #[derive(Clone, Debug, PartialEq)]
            pub struct Argument {
                /// Keras's keyword.
                pub name: &'static str,
                /// The value: the one that is written, or the default.
                pub value: Setting,
            }
        }

        /// A layer, or an activation, an initializer, a regularizer or a constraint, with its arguments.
        #[derive(Clone, Debug, PartialEq)]
        pub struct ItemSpec {
            /// Its name: Keras's class, or the function of an activation. Every spelling of the description has the same name here.
            pub class: &'static str,
            /// Every argument in Keras's order with its default; [`Setting::None`] for arguments without one. Items of one class share
            /// this list.
            pub defaults: List<Argument>,
            /// The arguments with other values.
            pub given: List<Argument>,
        }

        impl Describe for ItemSpec {
            fn literal(&self) -> Literal {
                if self.defaults.is_empty() {
                    return Literal::Call {
                        function: "ItemSpec::plain",
                        arguments: vec![self.class.literal()],
                    };
                }
                let name = snake_case(self.class).to_uppercase();
                let shared = |name: String, list: &List<Argument>| match list.is_empty() {
                    true => list.literal(),
                    false => Literal::Shared { name: Cow::Owned(name), value: Box::new(list.literal()) },
                };
                let fields = vec![
                    ("class", self.class.literal()),
                    ("given", shared(format!("{name}_GIVEN"), &self.given)),
                    ("defaults", shared(name, &self.defaults)),
                ];
                Literal::Struct { name: "ItemSpec", fields }
            }
        }

        impl ItemSpec {
            /// All arguments in Keras's order, each with its keyword and its value: the one that is written, or the default.
            pub fn arguments(&self) -> impl Iterator<Item = (&'static str, &Setting)> {
                self.defaults.iter().map(|default| {
                    let given = self.given.iter().find(|given| given.name == default.name);
                    (default.name, &given.unwrap_or(default).value)
                })
            }

            /// The class and the arguments that differ from their defaults, for pictures: `Conv2D(64, (3, 3), relu)`. `length` and
            /// `number` write whole numbers and others.
            pub fn short(
                &self,
                length: &dyn Fn(&Length) -> String,
                number: &dyn Fn(&Number) -> String,
            ) -> String {
                // What hardly tells one layer from another is left out.
                let says_little = |name: &str| {
                    matches!(name, "epsilon" | "momentum" | "seed") || name.ends_with("_initializer")
                };
                let given =
                    self.given.iter().filter(|argument| !says_little(argument.name)).map(|argument| {
                        let value = argument.value.short(length, number);
                        // Units, filters, kernels, activations and padding are known without their names.
                        let is_known = matches!(
                            argument.name,
                            "units"
                                | "filters"
                                | "l1"
                                | "l2"
                                | "kernel_size"
                                | "pool_size"
                                | "activation"
                                | "padding"
                        );
                        if is_known { value } else { format!("{}={value}", argument.name) }
                    });
                match given.collect::<Vec<_>>() {
                    given if given.is_empty() => self.class.into(),
                    given => format!("{}({})", self.class, given.join(", ")),
                }
            }

            /// The value of an argument; `None` if the item has no argument of this name.
            pub fn argument(&self, name: &str) -> Option<&Setting> {
                self.arguments().find(|(argument, _)| *argument == name).map(|(_, value)| value)
            }
        }

        /// The value of an argument.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Setting {
            /// `none`.
            None,
            /// `true` or `false`.
            Bool(bool),
            /// A whole number that is not negative: a length, a count, a seed.
            Whole(Length),
            /// A whole number below 0, such as an axis counted from the last.
            Negative(i64),
            /// A number.
            Float(Number),
            /// A word or a string.
            Text(Text),
            /// Several values.
            List(List<Setting>),
            /// An activation, an initializer, a layer: something with arguments of its own.
            Item(ItemSpec),
        }

        impl Describe for Setting {
            fn literal(&self) -> Literal {
                let (variant, value) = match self {
                    Setting::None => {
                        return Literal::Variant { name: "Setting", variant: "None", holds: Holds::Nothing };
                    }
                    Setting::Bool(value) => ("Bool", value.literal()),
                    Setting::Whole(value) => ("Whole", value.literal()),
                    Setting::Negative(value) => ("Negative", Literal::Negative(*value)),
                    Setting::Float(value) => ("Float", value.literal()),
                    Setting::Text(value) => ("Text", value.literal()),
                    Setting::List(values) => ("List", values.literal()),
                    Setting::Item(item) => ("Item", item.literal()),
                };
                Literal::Variant { name: "Setting", variant, holds: Holds::Value(Box::new(value)) }
            }
        }

        describe! {
            /// One call of a layer.
            #[derive(Clone, Debug, PartialEq)]
            pub struct LayerCall {
                /// The layer.
                pub layer: usize,
                /// The tensors that it reads, in order: those without keywords first.
                pub inputs: List<usize>,
                /// What the call gives by keywords: the last of `inputs`, and then settings that are on.
                pub keywords: List<Text>,
                /// The tensors that it outputs, in order.
                pub outputs: List<usize>,
                /// Number of `TimeDistributed` around the nested models in which the call stands: so many first axes of the tensors
                /// are steps, on each of which the layer is called.
                pub steps: usize,
            }
        }

        describe! {
            /// A tensor.
            #[derive(Clone, Debug, PartialEq)]
            pub struct GraphTensor {
                /// The name that the description binds it to, if it does; the last one of several.
                pub binding: Option<Text>,
                /// The shape of one sample.
                pub shape: List<Length>,
                /// The type of its values.
                pub dtype: Dtype,
            }
        }

        describe! {
            /// A model that is a layer of this one.
            #[derive(Clone, Debug, PartialEq)]
            pub struct NestedModel {
                /// The name by which the description calls the model: that of its struct, or the one after `as`.
                pub class: Text,
                /// The name as a layer, with which the names of its layers begin.
                pub name: Text,
            }
        }

        describe! {
            /// An input or an output of the model.
            #[derive(Clone, Debug, PartialEq)]
            pub struct GraphPort {
                /// Its name.
                pub name: Text,
                /// The tensor.
                pub tensor: usize,
            }
        }

        impl Setting {
            fn short(
                &self,
                length: &dyn Fn(&Length) -> String,
                number: &dyn Fn(&Number) -> String,
            ) -> String {
                match self {
                    Setting::None => "none".into(),
                    Setting::Bool(value) => value.to_string(),
                    Setting::Whole(value) => length(value),
                    Setting::Negative(value) => value.to_string(),
                    Setting::Float(value) => number(value),
                    Setting::Text(text) => text.to_string(),
                    Setting::List(values) => {
                        let values: Vec<String> =
                            values.iter().map(|value| value.short(length, number)).collect();
                        format!("({})", values.join(", "))
                    }
                    Setting::Item(item) => item.short(length, number),
                }
            }

            /// The item, if the value is one.
            pub fn item(&self) -> Option<&ItemSpec> {
                match self {
                    Setting::Item(item) => Some(item),
                    _ => None,
                }
            }

            /// The word or string, if the value is one.
            pub fn text(&self) -> Option<&str> {
                match self {
                    Setting::Text(text) => Some(text),
                    _ => None,
                }
            }

            /// The values of a list; a value that is no list is its only one.
            pub fn values(&self) -> &[Setting] {
                match self {
                    Setting::List(values) => values,
                    other => std::slice::from_ref(other),
                }
            }
        }
    };
}

/// The graph in generated code.
pub mod fixed {
    use super::*;
    use crate::describe;

    type List<T> = &'static [T];
    type Text = &'static str;
    type Length = usize;
    type Number = f64;

    graph_types! {}

    impl GraphSpec {
        /// A graph without layers.
        pub const EMPTY: &'static GraphSpec =
            &GraphSpec { layers: &[], calls: &[], tensors: &[], models: &[], inputs: &[], outputs: &[] };
    }

    impl GraphLayer {
        /// A layer without weights that is no part of anything.
        pub const PLAIN: GraphLayer = GraphLayer {
            name: "",
            item: ItemSpec::plain(""),
            weights: &[],
            trainable: true,
            model: None,
            whole: None,
            parts: &[],
        };
    }

    impl ItemSpec {
        /// An item of a class without arguments.
        pub const fn plain(class: &'static str) -> Self {
            ItemSpec { class, defaults: &[], given: &[] }
        }
    }

    impl Setting {
        /// The number, if the value is a whole one.
        pub fn whole(&self) -> Option<i64> {
            match self {
                Setting::Whole(value) => i64::try_from(*value).ok(),
                Setting::Negative(value) => Some(*value),
                _ => None,
            }
        }
    }
}

/// The graph while the macro runs.
pub mod built {
    use super::*;
    use crate::describe;
    use crate::dim::Dim;
    use crate::operation::Number;

    type List<T> = Vec<T>;
    type Text = String;
    type Length = Dim;

    graph_types! {}

    impl Setting {
        /// A whole number that is known while the macro runs.
        pub(crate) fn of_whole(value: i64) -> Self {
            usize::try_from(value).map_or(Setting::Negative(value), |value| Setting::Whole(Dim::Known(value)))
        }
    }
}

impl Describe for Dtype {
    fn literal(&self) -> Literal {
        let variant = match self {
            Dtype::Float => "Float",
            Dtype::Int => "Int",
        };
        // Generated code has the type by this name, next to the one of dfdx.
        Literal::Variant { name: "SpecDtype", variant, holds: Holds::Nothing }
    }
}
