//! Descriptions that compile without a warning. Those that do not compile are `tests/texts` and `tests/ui`.

#![deny(warnings)]

mod allowed;
mod constants;
mod functions_of_others;
mod images;
mod shared_head_and_whole_rate;
mod shared_layer_and_operators;
mod slices;
mod tutorial_4_regression_and_class;
mod tutorial_8_image_class_and_value;
mod tutorial_9_two_heads_on_a_sequence;
mod two_heads;
mod words_that_are_keywords;
