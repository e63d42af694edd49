//! The Vietnamese written language: letters, numbers, lists, spaces.
//!
//! One rule: nothing here changes what a text says; it only checks it, compares it, or sets it as an office would.

mod capitals;
mod check;
mod fold;
mod legacy;
mod letters;
mod lists;
mod numbers;
mod people;
mod spaces;
mod syllable;
mod text;

pub use capitals::{CapitalFault, capital_faults};
pub use check::{check_strings, escape_pointer, visit_strings};
pub use fold::{fold_bare, fold_name, fold_unit, named_province, without_marks};
pub use legacy::{LegacyEncoding, convert_declared, convert_legacy, looks_like_tcvn3, looks_like_vni};
pub use letters::{alphabetical_key, point_letter};
pub use lists::{join_and, lower_first, semicolons, sentence, upper, upper_first, without_end_mark};
pub use numbers::{change, count, group, in_words, money, percent, roman};
pub use people::NameCustoms;
pub use spaces::keep_together;
pub use text::{TidyFault, forbidden_character, nfc, tidy_faults};
