//! The graph of a model as static data: layers with all of their arguments, calls and tensors, before fusion.
//!
//! The types are declared once and exist twice: in [`built`] with vectors, and with lengths that may be expressions,
//! for the macro; and in [`fixed`] with static slices, for generated code. (Generic lists, or `Cow`s, take rustc
//! twice as long.)

use std::borrow::Cow;

use crate::describe::{Describe, Holds, Literal};
use crate::names::field::snake_case;
use crate::shape::Dtype;
use crate::spec::data::{Data, ToData};

/// Declares the types for some `List<T>`, `Text` and `Length` of the module.
macro_rules! graph_types {
    () => {
        describe! {
            /// A model as described: layers, their calls, and the tensors between them.
            ///
            /// Layers, tensors and nested models are named by their indices. Loops, functions and nested models are expanded: a
            /// layer of a nested model is a layer here. How the model is compiled is in
            /// [`ModelSpec`](crate::spec::ModelSpec): its outputs have the same order.
            #[derive(Clone, Debug, PartialEq)]
            pub struct GraphSpec {
                /// Layers, in the order of the description. A layer without calls is not needed by any output.
                pub layers: List<GraphLayer>,
                /// Calls that an output needs, in topological order.
                pub calls: List<LayerCall>,
                /// Tensors: the inputs, and what the calls output.
                pub tensors: List<GraphTensor>,
                /// Nested models, in the order of the description. Models nested in them are part of them.
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
            /// Its name, prefixed by that of the nested model or the layer that it belongs to: `encoder/conv2d`.
            pub name: Text,
            /// Its class and arguments, without `name` and `trainable`.
            pub item: ItemSpec,
            /// The names of its weights in files, in Keras's order: `encoder/conv2d/kernel`.
            pub weights: List<Text>,
            /// Whether training changes its weights.
            pub trainable: bool,
            /// The nested model that it belongs to.
            pub model: Option<usize>,
            /// The layer that contains it: the `Bidirectional` of a direction.
            pub whole: Option<usize>,
            /// The layers that it contains: the directions of a `Bidirectional`. Their calls come before its own,
            /// which merges their outputs; with `merge_mode = none` it has no call of its own.
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
                /// The value: as written, or the default.
                pub value: Setting,
            }
        }

        /// A layer, or an activation, an initializer, a regularizer or a constraint, with its arguments.
        #[derive(Clone, Debug, PartialEq)]
        pub struct ItemSpec {
            /// Its name: Keras's class, or the function of an activation. All spellings of the description have one
            /// name here.
            pub class: &'static str,
            /// Every argument in Keras's order with its default; [`Setting::None`] for arguments without one. Items
            /// of one class share this list.
            pub defaults: List<Argument>,
            /// The arguments that differ from their defaults.
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
            /// All arguments in Keras's order, each with its keyword and its value: as written, or the default.
            pub fn arguments(&self) -> impl Iterator<Item = (&'static str, &Setting)> {
                self.defaults.iter().map(|default| {
                    let given = self.given.iter().find(|given| given.name == default.name);
                    (default.name, &given.unwrap_or(default).value)
                })
            }

            /// The class and the arguments that differ from their defaults, for pictures: `Conv2D(64, (3, 3), relu)`. `length` and
            /// `number` write integers and others.
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
            /// An integer that is not negative: a length, a count, a seed.
            Whole(Length),
            /// An integer below 0, such as an axis counted from the last.
            Negative(i64),
            /// A number.
            Float(Number),
            /// A word or a string.
            Text(Text),
            /// Several values.
            List(List<Setting>),
            /// An item with arguments of its own: an activation, an initializer, a layer.
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
                /// Keywords of the call: those of the last `inputs`, followed by boolean settings that are on.
                pub keywords: List<Text>,
                /// The tensors that it outputs, in order.
                pub outputs: List<usize>,
                /// Number of `TimeDistributed` around the nested models of the call: as many first axes of the
                /// tensors are steps, on each of which the layer is called.
                pub steps: usize,
            }
        }

        describe! {
            /// A tensor.
            #[derive(Clone, Debug, PartialEq)]
            pub struct GraphTensor {
                /// The name that the description binds it to, if any; the last one of several.
                pub binding: Option<Text>,
                /// The shape of one sample.
                pub shape: List<Length>,
                /// Its element type.
                pub dtype: Dtype,
            }
        }

        describe! {
            /// A model used as a layer of this one.
            #[derive(Clone, Debug, PartialEq)]
            pub struct NestedModel {
                /// The name of the model in the description: that of its struct, or the one after `as`.
                pub class: Text,
                /// Its name as a layer, which is the prefix of the names of its layers.
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

        impl GraphSpec {
            /// The graph as a file has it; `outputs` are entries of the outputs, `optimizer` is one of the model.
            pub(crate) fn data(&self, outputs: Vec<Vec<(String, Data)>>, optimizer: (String, Data)) -> Data {
                let calls = |it: &LayerCall| {
                    Data::map([
                        ("layer", it.layer.data()),
                        ("inputs", Data::list(&it.inputs, ToData::data)),
                        ("keywords", Data::list(&it.keywords, |word| Data::text(word))),
                        ("outputs", Data::list(&it.outputs, ToData::data)),
                        ("steps", it.steps.data()),
                    ])
                };
                let tensor = |it: &GraphTensor| {
                    let dtype = match it.dtype {
                        Dtype::Float => "float",
                        Dtype::Int => "int",
                    };
                    Data::map([
                        ("binding", it.binding.as_ref().map_or(Data::Null, |name| Data::text(name))),
                        ("shape", Data::list(&it.shape, ToData::data)),
                        ("dtype", Data::text(dtype)),
                    ])
                };
                let model = |it: &NestedModel| {
                    Data::map([("class", Data::text(&it.class)), ("name", Data::text(&it.name))])
                };
                let port = |it: &GraphPort| {
                    Data::map([("name", Data::text(&it.name)), ("tensor", it.tensor.data())])
                };
                let outputs = self.outputs.iter().zip(outputs).map(|(it, entries)| match port(it) {
                    Data::Map(own) => Data::Map(own.into_iter().chain(entries).collect()),
                    other => other,
                });
                let mut all = vec![
                    ("layers".to_owned(), Data::list(&self.layers, GraphLayer::data)),
                    ("calls".to_owned(), Data::list(&self.calls, calls)),
                    ("tensors".to_owned(), Data::list(&self.tensors, tensor)),
                    ("models".to_owned(), Data::list(&self.models, model)),
                    ("inputs".to_owned(), Data::list(&self.inputs, port)),
                    ("outputs".to_owned(), Data::List(outputs.collect())),
                ];
                all.push(optimizer);
                Data::Map(all)
            }
        }

        impl GraphLayer {
            fn data(&self) -> Data {
                Data::map([
                    ("name", Data::text(&self.name)),
                    ("class", Data::text(self.item.class)),
                    ("arguments", self.item.data()),
                    ("trainable", Data::Bool(self.trainable)),
                    ("model", self.model.data()),
                    ("whole", self.whole.data()),
                    ("parts", Data::list(&self.parts, ToData::data)),
                    ("weights", Data::list(&self.weights, |name| Data::text(name))),
                ])
            }
        }

        impl ItemSpec {
            /// All arguments, defaults included.
            fn data(&self) -> Data {
                Data::Map(self.arguments().map(|(name, value)| (name.to_owned(), value.data())).collect())
            }
        }

        impl Setting {
            fn data(&self) -> Data {
                match self {
                    Setting::None => Data::Null,
                    Setting::Bool(value) => Data::Bool(*value),
                    Setting::Whole(value) => value.data(),
                    Setting::Negative(value) => Data::Negative(*value),
                    Setting::Float(value) => value.data(),
                    Setting::Text(value) => Data::text(value),
                    Setting::List(values) => Data::list(values, Setting::data),
                    Setting::Item(item) => {
                        Data::map([("class", Data::text(item.class)), ("arguments", item.data())])
                    }
                }
            }

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

            /// The values of a list; another value is a list of itself.
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
        /// A layer without weights that is not part of another.
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
        /// The number, if the value is an integer.
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
        /// An integer that is known to the macro.
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
        // Generated code imports the type under this name, next to that of dfdx.
        Literal::Variant { name: "SpecDtype", variant, holds: Holds::Nothing }
    }
}
