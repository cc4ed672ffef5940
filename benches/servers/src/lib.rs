//! Servers side by side: ours, other people's, and a blind floor, under the same load on the same machine.
//!
//! `README.md` of `benches` says how to run it and how to read what it prints.

pub mod case;
pub mod chart;
pub mod contestant;
pub mod h2load;
pub mod histogram;
pub mod load;
pub mod process;
pub mod report;
pub mod scaling;
pub mod serve;
