//! Interned lists of numbers, so that settings with lists are `Copy` and comparable.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Lists of one type by the bits of their numbers.
type Lists<T> = Mutex<BTreeMap<Vec<u64>, &'static [T]>>;

/// Numbers whose lists are interned.
pub(crate) trait Number: Copy + 'static {
    fn bits(self) -> u64;
    fn lists() -> &'static Lists<Self>;
}

macro_rules! numbers {
    ($($ty:ty: $bits:expr;)*) => {
        $(impl Number for $ty {
            fn bits(self) -> u64 {
                $bits(self)
            }

            fn lists() -> &'static Lists<Self> {
                static LISTS: Lists<$ty> = Mutex::new(BTreeMap::new());
                &LISTS
            }
        })*
    };
}

numbers! {
    f64: f64::to_bits;
    // No platform has lengths of more than 64 bits.
    usize: |value| value as u64;
}

/// Returns the same list for equal numbers. A process that expands a model many times, such as an editor, stores one.
pub(crate) fn interned<T: Number>(values: &[T]) -> &'static [T] {
    let key = values.iter().map(|value| value.bits()).collect();
    let mut lists = T::lists().lock().unwrap_or_else(PoisonError::into_inner);
    lists.entry(key).or_insert_with(|| Vec::leak(values.to_vec()))
}

/// Returns the same list for equal names.
pub(crate) fn interned_names(names: &[&str]) -> &'static [&'static str] {
    static LISTS: Mutex<BTreeMap<Vec<String>, &'static [&'static str]>> = Mutex::new(BTreeMap::new());
    let key = names.iter().map(|name| (*name).to_owned()).collect();
    let mut lists = LISTS.lock().unwrap_or_else(PoisonError::into_inner);
    lists.entry(key).or_insert_with(|| {
        let names = names.iter().map(|name| &*String::leak((*name).to_owned()));
        Vec::leak(names.collect())
    })
}

#[cfg(test)]
mod tests {
    use super::{interned, interned_names};

    #[test]
    fn equal_lists_are_one() {
        let first = interned(&[0.5, 2.0]);
        assert_eq!(first, [0.5, 2.0]);
        assert!(std::ptr::eq(first, interned(&[0.5, 2.0])));
        assert!(interned::<usize>(&[]).is_empty());
        let names = interned_names(&["head", "tail"]);
        assert_eq!(names, ["head", "tail"]);
        assert!(std::ptr::eq(names, interned_names(&["head", "tail"])));
    }
}
