//! Names: Keras's as identifiers, and which layers need `name = "…"`.

use std::collections::BTreeSet;

use mimo_graph::item::Module;
use mimo_graph::language::{find, items};
use mimo_graph::layers::{function, operation};
use mimo_graph::names::field_like;

use super::evaluate::{self, MadeId, Models};
use super::{Block, Callee, Expr, Layer, Statement};

/// Names that are in use.
#[derive(Clone, Debug, Default)]
pub struct Taken(BTreeSet<String>);

impl Taken {
    /// A name for a binding that is as near to `name` as possible: no other binding has it, and it means nothing else in the language.
    pub fn binding(&mut self, name: &str) -> String {
        let mut base = field_like(name);
        let is_word = |name: &str| {
            operation(name).is_some()
                || function(name).is_some()
                || find(Module::Activations, name).is_some()
                || ["training", "none", "add_loss"].contains(&name)
        };
        if is_word(&base) {
            base.push_str("_1");
        }
        self.free(&base)
    }

    /// A name of a struct for a model.
    pub fn class(&mut self, name: &str) -> String {
        let mut class = String::new();
        for part in field_like(name).split('_').filter(|part| !part.is_empty()) {
            let mut letters = part.chars();
            class.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            class.push_str(letters.as_str());
        }
        let words = items(Module::Layers).into_iter().flat_map(|item| item.names.iter().copied());
        let taken = words.chain(["Model", "Sequential", "Self", "Option", "Result", "Vec", "String", "Box"]);
        if class.is_empty()
            || class.starts_with(|c: char| c.is_ascii_digit())
            || taken.into_iter().any(|it| it == class)
        {
            class.insert_str(0, "My");
        }
        self.free(&class)
    }

    fn free(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let mut count = 2;
        while self.0.contains(&name) {
            name = format!("{base}_{count}");
            count += 1;
        }
        self.0.insert(name.clone());
        name
    }
}

/// Most rounds in which names are compared; after them every layer is named.
const ROUNDS: usize = 12;

/// Writes `name = "…"` at the layers that would have another name without it.
pub fn assign(block: &mut Block, models: &Models) {
    for round in 0..=ROUNDS {
        let evaluated = evaluate::block(block, models);
        let mut wrong: BTreeSet<String> = BTreeSet::new();
        // A layer without a name may have any.
        for (name, made) in evaluated.made.iter().filter(|(name, _)| !name.is_empty()) {
            let found = match made {
                MadeId::Layer(id) => &evaluated.graph.layer(*id).name,
                MadeId::Group(id) => match evaluated.graph.groups.get(id.index()) {
                    Some(group) => &group.name,
                    None => continue,
                },
            };
            // A `TimeDistributed` of a model has the name of the model.
            if found != name || round == ROUNDS {
                wrong.insert(name.clone());
            }
        }
        let mut changed = false;
        each_layer(&mut block.statements, &mut |layer| {
            if !layer.named && wrong.contains(&layer.name) {
                layer.named = true;
                changed = true;
            }
        });
        if !changed {
            return;
        }
    }
}

/// Calls `visit` on the layers of statements.
pub fn each_layer(statements: &mut [Statement], visit: &mut dyn FnMut(&mut Layer)) {
    for statement in statements {
        if let Statement::Let(bound) = statement {
            match &mut bound.value {
                Expr::Layer(callee) => of_callee(callee, visit),
                Expr::Call(call) => of_callee(&mut call.callee, visit),
                _ => {}
            }
        }
    }
}

fn of_callee(callee: &mut Callee, visit: &mut dyn FnMut(&mut Layer)) {
    match callee {
        Callee::Class(layer) | Callee::Model(layer) => visit(layer),
        Callee::Steps(inner) => of_callee(inner, visit),
        Callee::Bound(_) | Callee::Function { .. } => {}
    }
}
