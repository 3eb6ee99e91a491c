//! The simulator as a plain HTTP client sees it.

mod agents;
mod behaviour;
mod client;
mod faults;
mod hosts;
mod lifecycle;
mod lists;
mod pace;
mod raw;
mod retention;
mod uploads;
