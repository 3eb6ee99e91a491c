//! Requests and their results, without handles: a call of an operation is sent here, and repeated as long as that is safe.
//!
//! [`client`] has the settings and the state that calls share. A [`request`] is sent by [`send`], which makes the attempts
//! of an [`exchange`] and checks the answer to a run. Each attempt has its [`limits`] and perhaps waits for [`admission`];
//! [`answer`] makes the [`error`] of one that failed, [`history`] knows the [`effect`] of all of them, and [`retry`] decides
//! whether another one follows.
//!
//! Handles import from here and nothing here imports a handle.

pub(crate) mod admission;
pub(crate) mod answer;
pub(crate) mod answered;
pub(crate) mod call;
pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod effect;
pub(crate) mod ending;
pub(crate) mod error;
pub(crate) mod exchange;
pub(crate) mod facts;
pub(crate) mod group;
pub(crate) mod history;
pub(crate) mod limits;
pub(crate) mod marker;
pub(crate) mod memory;
pub(crate) mod operation;
pub(crate) mod record;
pub(crate) mod redact;
pub(crate) mod request;
pub(crate) mod retry;
pub(crate) mod send;
pub(crate) mod task_state;
pub(crate) mod telemetry;
