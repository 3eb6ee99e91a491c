//! The simulator as a server, for clients in any language and for a first run without a key.

use std::borrow::Cow;
use std::io::Write as _;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use clap::Parser;
use nanonets_agents_sim::script_file::ScriptFile;
use nanonets_agents_sim::{Request, SeenBody, Simulator};

/// A simulator of the Nanonets Agents API.
///
/// Serves the whole API over plain HTTP and keeps everything in memory. It reads no documents: tasks complete with
/// placeholder data, or as a script file says. Stops on Ctrl-C and SIGTERM.
#[derive(Parser)]
#[command(name = "nanonets-sim", version)]
struct Args {
    /// Where to listen; port 0 is any free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0", value_parser = address)]
    listen: SocketAddr,
    /// The API key to ask for; without it, any will do.
    #[arg(
        long,
        value_name = "KEY",
        env = "NANONETS_SIM_API_KEY",
        hide_env_values = true,
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    api_key: Option<String>,
    /// The steps of tasks, and the faults, in YAML.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// How long each answer takes, such as 50ms.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    latency: Duration,
    /// End requests that stand still for this long.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    read_timeout: Duration,
    /// End requests whose bodies bring fewer bytes per second on average.
    #[arg(long, value_name = "BYTES", default_value_t = 1024)]
    min_body_rate: u32,
    /// Ids, placeholder data and chance follow from this number.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Start with so many tasks that completed in the past, up to 100000.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=100_000))]
    workspace_tasks: u32,
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let message = printable(&message);
            let _ = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// How long the end of the program waits for requests under way to break off.
const SHUTDOWN_TIME: Duration = Duration::from_millis(200);

fn run(args: Args) -> Result<(), String> {
    let no_runtime = |error| format!("no runtime to work on: {error}");
    let server = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(no_runtime)?;
    // Busy workers look at signals late, so that the main thread has a runtime for them.
    let main = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(no_runtime)?;
    let log = Log::start().map_err(|error| format!("no thread to log on: {error}"))?;
    let simulator = server.block_on(start(args, &log))?;
    let outcome = main.block_on(async {
        let mut stop =
            Stop::listen().map_err(|error| format!("signals can't be caught: {error}"))?;
        announce(&simulator).map_err(|error| format!("stdout can't be written: {error}"))?;
        stop.signal().await;
        Ok(())
    });
    drop(simulator);
    server.shutdown_timeout(SHUTDOWN_TIME);
    log.flush();
    outcome
}

async fn start(args: Args, log: &Log) -> Result<Simulator, String> {
    let script = args.script.as_deref().map(read_script).transpose()?;
    let requests = log.clone();
    let mut builder = Simulator::builder()
        .listen(args.listen)
        .seed(args.seed)
        .latency(args.latency)
        .read_timeout(args.read_timeout)
        .min_body_rate(args.min_body_rate)
        .on_request(move |request| requests.write(line(request)));
    builder = match args.api_key {
        Some(key) => builder.api_key(key),
        None => builder.any_api_key(),
    };
    if let Some(offset) = script.as_ref().and_then(ScriptFile::clock_offset) {
        builder = builder.clock_offset(offset);
    }
    let simulator = builder.start().await.map_err(|error| error.to_string())?;
    // Before everything else, so that all other tasks are newer than the history.
    if args.workspace_tasks > 0 {
        let agent = simulator.create_agent("Simulated history");
        let tasks = usize::try_from(args.workspace_tasks).unwrap_or(usize::MAX);
        simulator.add_history(agent.id, tasks);
        log.write(format!("agent {} {:?}", agent.id, agent.name));
    }
    if let Some(script) = script {
        for (name, id) in script.apply(&simulator)? {
            log.write(format!("agent {id} {name:?}"));
        }
    }
    if !simulator.address().ip().is_loopback() {
        log.write(format!(
            "warning: {} can be reached from other machines",
            simulator.address()
        ));
    }
    Ok(simulator)
}

/// The number of lines of the log that may wait to be written.
const BACKLOG: usize = 1000;
/// How long the end of the program waits for them.
const FLUSH_TIME: Duration = Duration::from_millis(200);

/// Writes to stderr on a thread of its own: the process that started this one may not read it, and that must stop nothing.
#[derive(Clone)]
struct Log(SyncSender<Entry>);

enum Entry {
    Line(String),
    Flush(SyncSender<()>),
}

impl Log {
    fn start() -> std::io::Result<Self> {
        let (log, entries) = sync_channel(BACKLOG);
        let write = move || {
            for entry in entries {
                // If nobody reads it any more, there is nobody to tell.
                match entry {
                    Entry::Line(line) => drop(writeln!(std::io::stderr(), "{line}")),
                    Entry::Flush(done) => drop(done.try_send(())),
                }
            }
        };
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(write)?;
        Ok(Self(log))
    }

    /// Writes a line, or skips it if too many before it have not been read.
    fn write(&self, line: String) {
        let line = match printable(&line) {
            Cow::Borrowed(_) => line,
            Cow::Owned(escaped) => escaped,
        };
        let _ = self.0.try_send(Entry::Line(line));
    }

    /// Waits until all is written, but not for long.
    fn flush(&self) {
        let (done, wait) = sync_channel(1);
        if self.0.try_send(Entry::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(FLUSH_TIME);
        }
    }
}

/// A host, by name or address, and a port.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text
        .to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next());
    found.ok_or_else(|| "it must be a host and a port, such as 127.0.0.1:8080".to_owned())
}

/// The one line on stdout, for the process that started this one and waits.
fn announce(simulator: &Simulator) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "listening on {}", simulator.base_url())?;
    stdout.flush()
}

fn read_script(path: &Path) -> Result<ScriptFile, String> {
    let shown = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{shown} can't be read: {error}"))?;
    ScriptFile::parse(&text).map_err(|error| format!("{shown}:{error}"))
}

/// Text that a terminal shows as it is. Control characters and invisible ones, which can change the direction or the
/// order of the text, are escaped: clients choose what is in a path.
fn printable(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown.into()
}

/// The longest path in the log, in characters.
const MAX_PATH: usize = 500;

/// A request in the log: method, path, status and sizes, and nothing of its contents.
fn line(request: &Request) -> String {
    let time = request.received_at.format("%H:%M:%S%.3f");
    let status = request.status.map_or_else(
        || "broken off".to_owned(),
        |status| status.as_u16().to_string(),
    );
    let end = request.path.char_indices().nth(MAX_PATH);
    let path = end.map_or(&*request.path, |(end, _)| &request.path[..end]);
    let mut line = format!("{time} {status} {} {path}", request.method);
    if end.is_some() {
        line.push('…');
    }
    match &request.body {
        SeenBody::Multipart(parts) => {
            let size: u64 = parts.iter().map(|part| part.size).sum();
            line.push_str(&format!(", {} parts, {size} bytes", parts.len()));
        }
        SeenBody::Whole { size, .. } => line.push_str(&format!(", {size} bytes")),
        _ => {}
    }
    if let Some(task) = request.started {
        line.push_str(&format!(", started task {task}"));
    }
    if request.faulted {
        line.push_str(", fault");
    }
    line
}

/// The event that ends the program.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    #[cfg(unix)]
    async fn signal(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn signal(&mut self) {
        // Without a handler the system ends the program itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
