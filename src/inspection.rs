//! Measures laid-out pages against Decree 30/2020/NĐ-CP, Annex I.
//!
//! The rule: only what the page shows counts, never what the template meant. A fault names clause, page and value.
