//! Updates of rules, computed by the kernels.

use super::{Step, WholeWeight};
use crate::float::Float;
use crate::kernels::optimizer::{
    AdadeltaStep, AdafactorStep, AdagradStep, AdamStep, AdamaxStep, AmsGradStep, LambStep, LionStep,
    MomentumStep, MuonStep, NadamStep, RmspropStep, SgdStep, adafactor_len, muon_len,
};

/// Implements [`Step`] for updates of single values.
macro_rules! by_value {
    ($($step:ident),*) => {
        $(
            impl<E: Float> Step<E> for $step<E> {
                fn slots(&self) -> usize {
                    self.slots()
                }

                fn update(&self, values: &mut [E], gradients: &[E], slots: &mut [&mut [E]]) {
                    if let Some(slots) = slots.get_mut(..self.slots()) {
                        self.apply(values, gradients, slots);
                    }
                }
            }
        )*
    };
}

by_value!(
    SgdStep,
    MomentumStep,
    AdamStep,
    AmsGradStep,
    RmspropStep,
    AdagradStep,
    AdadeltaStep,
    AdamaxStep,
    NadamStep,
    LionStep
);

impl<E: Float> Step<E> for LambStep<E> {
    fn slots(&self) -> usize {
        2
    }

    fn update_whole(
        &self,
        _: WholeWeight,
        values: &mut [E],
        gradients: &[E],
        _: &mut [E],
        slots: &mut [&mut [E]],
    ) {
        if let [m, v, ..] = slots {
            self.apply(values, gradients, m, v);
        }
    }
}

impl<E: Float> Step<E> for AdafactorStep<E> {
    fn slots(&self) -> usize {
        0
    }

    fn memory(&self, weight: WholeWeight) -> usize {
        adafactor_len(weight.len, weight.matrices)
    }

    fn remembers(&self) -> bool {
        true
    }

    fn update_whole(
        &self,
        weight: WholeWeight,
        values: &mut [E],
        gradients: &[E],
        memory: &mut [E],
        _: &mut [&mut [E]],
    ) {
        self.apply(values, gradients, memory, weight.matrices);
    }
}

/// Muon for matrices, Adam for other weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct MuonOrAdam<E> {
    pub matrices: MuonStep<E>,
    pub others: AdamStep<E>,
}

impl<E: Float> Step<E> for MuonOrAdam<E> {
    fn slots(&self) -> usize {
        self.others.slots()
    }

    fn update(&self, values: &mut [E], gradients: &[E], slots: &mut [&mut [E]]) {
        Step::update(&self.others, values, gradients, slots);
    }

    fn memory(&self, weight: WholeWeight) -> usize {
        muon_len(weight.rows, weight.len / weight.rows.max(1))
    }

    fn update_whole(
        &self,
        weight: WholeWeight,
        values: &mut [E],
        gradients: &[E],
        memory: &mut [E],
        slots: &mut [&mut [E]],
    ) {
        if let [m, ..] = slots {
            self.matrices.apply(values, gradients, m, weight.rows, memory);
        }
    }
}
