#![doc = include_str!("../README.md")]

mod app;
mod clock;
mod connection;
mod faults;
mod handlers;
mod host;
mod input;
mod observe;
mod pace;
mod page;
mod placeholder;
mod query;
mod rate;
mod reply;
mod script;
#[cfg(feature = "server")]
pub mod script_file;
mod server;
mod service;
mod simulator;
mod task;
mod text;
mod upload;
mod world;

pub use faults::{Fault, FaultHandle};
pub use input::Part;
pub use nanonets_agents_api::Operation;
pub use observe::Request;
pub use script::{OnCancel, Script, Until};
pub use simulator::{Simulator, SimulatorBuilder, StartError, TaskView};
pub use upload::SeenBody;
