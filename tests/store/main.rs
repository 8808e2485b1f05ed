//! The store from outside: whatever comes in, in whatever order, and however it is interrupted.

mod changes;
mod damage;
mod faults;
mod kill;
mod ledger;
mod migrate;
mod order;
mod postgres_only;
mod real_week;
mod retention;
mod round_trip;
mod rules;
#[path = "../shared/mod.rs"]
mod shared;
mod support;
