//! The store from outside: whatever comes in, in whatever order, and however it is interrupted.

mod changes;
mod damage;
mod faults;
mod kill;
mod ledger;
mod order;
mod postgres;
mod real_week;
mod round_trip;
mod rules;
mod support;
