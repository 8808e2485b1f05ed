//! The store from outside: any input, in any order, with any interruption.

mod changes;
mod damage;
mod faults;
mod kill;
mod ledger;
mod migrate;
mod one_build;
mod order;
mod postgres_only;
mod real_week;
mod retention;
mod round_trip;
mod rules;
mod scan_reports;
#[path = "../shared/mod.rs"]
mod shared;
mod support;
mod systems;
mod upgrade;
