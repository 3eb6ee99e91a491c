//! The same builders without `async`: end a call with `block()` where `.await` would stand, and a stream with `iter()`.
//!
//! ```no_run
//! use nanonets_agents::blocking::{Block as _, BlockStream as _};
//!
//! # fn example(agent_id: nanonets_agents::AgentId) -> nanonets_agents::Result<()> {
//! let client = nanonets_agents::Client::from_env()?;
//! let task = client.agent(agent_id).run().file("invoice.pdf").start().block()?;
//! let outcome = task.wait().block()?;
//! for task in client.tasks().list().stream().iter() {
//!     println!("{}", task?.task_id);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The work is done by a runtime with one thread, which the first call starts and all share.

use std::fmt;
use std::pin::Pin;
use std::sync::LazyLock;

use futures_util::{Stream, StreamExt};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("nanonets-agents")
        .enable_all()
        .build();
    runtime.unwrap_or_else(|error| panic!("no thread to send requests from: {error}"))
});

/// Whatever can be awaited, without awaiting it.
pub trait Block: IntoFuture + Sized {
    /// Does it, and returns when it is done.
    ///
    /// # Panics
    ///
    /// In an `async` context, where it would keep others from running: there, `.await` it. If the system has no thread
    /// left for the first call.
    fn block(self) -> Self::Output {
        RUNTIME.block_on(self.into_future())
    }
}

impl<F: IntoFuture> Block for F {}

/// A stream as an iterator.
pub trait BlockStream: Stream + Sized {
    /// Each item in turn; `next` returns when it is there.
    ///
    /// # Panics
    ///
    /// Where [`Block::block`] does.
    fn iter(self) -> Iter<Self> {
        Iter {
            stream: Box::pin(self),
        }
    }
}

impl<S: Stream> BlockStream for S {}

/// The items of a stream.
pub struct Iter<S> {
    stream: Pin<Box<S>>,
}

impl<S> fmt::Debug for Iter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

impl<S: Stream> Iterator for Iter<S> {
    type Item = S::Item;

    fn next(&mut self) -> Option<S::Item> {
        self.stream.next().block()
    }
}
