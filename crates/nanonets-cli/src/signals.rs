//! The signals to stop. One listener for the whole process remembers a signal until a part of the command acts on it, so
//! that none is lost between two parts.

use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::exit_code::Code;

/// The time that the command has to act on a signal. One that is blocked, for example by a reader of stdout that does not
/// read, does not act on it.
const GRACE: Duration = Duration::from_secs(2);

/// A signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Received {
    /// The number of signals before it.
    number: u64,
    /// The exit code that it leads to.
    code: Code,
}

/// The last signal that nobody has acted on.
static LAST: LazyLock<watch::Sender<Option<Received>>> = LazyLock::new(|| watch::Sender::new(None));

type LastWords = Box<dyn Fn(Code) -> String + Send>;

/// The text for stderr of a command that can't act on a signal.
static LAST_WORDS: Mutex<Option<LastWords>> = Mutex::new(None);

/// The time that the last words have: stderr may be a pipe that nobody reads.
const LAST_WORDS_TIME: Duration = Duration::from_millis(500);

/// Sets what is written to stderr if a signal ends the command while it is blocked. It is called on another thread.
pub fn set_last_words(words: impl Fn(Code) -> String + Send + 'static) {
    let last = LAST_WORDS.lock();
    *last.unwrap_or_else(PoisonError::into_inner) = Some(Box::new(words));
}

fn say_last_words(code: Code) {
    let (tell, told) = std::sync::mpsc::channel();
    let speaking = thread::Builder::new().spawn(move || {
        let last = LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(words) = &*last {
            // The lock of stderr may be held for as long as the command is blocked.
            let _ = write_unlocked(words(code).as_bytes());
        }
        let _ = tell.send(());
    });
    if speaking.is_ok() {
        let _ = told.recv_timeout(LAST_WORDS_TIME);
    }
}

#[cfg(unix)]
fn write_unlocked(text: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::fd::AsFd as _;
    let stderr = io::stderr().as_fd().try_clone_to_owned()?;
    std::fs::File::from(stderr).write_all(text)
}

#[cfg(not(unix))]
fn write_unlocked(text: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    io::stderr().write_all(text)
}

/// Starts to listen.
pub fn listen() -> io::Result<()> {
    // It does not depend on the runtime of the command, which learns of nothing while it is blocked.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut listener = {
        let _context = runtime.enter();
        Listener::new()?
    };
    let listen = async move {
        let mut number = 0;
        while let Some(code) = listener.next().await {
            let received = Received { number, code };
            LAST.send_replace(Some(received));
            tokio::spawn(async move {
                tokio::time::sleep(GRACE).await;
                if *LAST.borrow() == Some(received) {
                    say_last_words(code);
                    std::process::exit(i32::from(code as u8));
                }
            });
            number += 1;
        }
    };
    let thread = thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || runtime.block_on(listen)).map(drop)
}

/// The exit code of a signal that nobody has acted on so far.
pub fn take() -> Option<Code> {
    let mut last = None;
    LAST.send_if_modified(|state| {
        last = state.take();
        false
    });
    last.map(|received| received.code)
}

/// The number of nested parts of the command that act on signals now.
static PARTS: AtomicUsize = AtomicUsize::new(0);

/// A part of the command that acts on signals. Of several, the innermost does.
#[derive(Debug)]
pub struct Part {
    level: usize,
}

impl Part {
    pub fn begin() -> Self {
        Self {
            level: PARTS.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }

    /// The exit code of the next signal, or of one that nobody has acted on so far.
    pub async fn next_signal(&self) -> Code {
        let mut changes = LAST.subscribe();
        loop {
            tokio::select! {
                biased;
                code = poll_fn(|_| self.poll_signal()) => return code,
                Ok(()) = changes.changed() => {}
            }
        }
    }

    /// Is polled again with every change, and whenever the part within this one ends.
    fn poll_signal(&self) -> Poll<Code> {
        if PARTS.load(Ordering::Relaxed) > self.level {
            return Poll::Pending;
        }
        take().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        PARTS.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(unix)]
struct Listener {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// None if `nohup` has the command ignore it.
    hangup: Option<tokio::signal::unix::Signal>,
}

/// Whether the signal HUP is ignored, or may be: a listener would undo that.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_none_or(|mask| mask & 1 == 1)
}

#[cfg(unix)]
impl Listener {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: match ignores_hangup() {
                true => None,
                false => Some(signal(SignalKind::hangup())?),
            },
        })
    }

    async fn next(&mut self) -> Option<Code> {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(()) = self.interrupt.recv() => Some(Code::Interrupted),
            Some(()) = self.terminate.recv() => Some(Code::Terminated),
            Some(()) = hangup => Some(Code::Terminated),
            else => None,
        }
    }
}

#[cfg(not(unix))]
struct Listener(tokio::signal::windows::CtrlC);

#[cfg(not(unix))]
impl Listener {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) -> Option<Code> {
        self.0.recv().await.map(|()| Code::Interrupted)
    }
}
