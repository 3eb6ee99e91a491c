//! The listening socket and its connections. They end with the task that owns them.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::connection::{Breaker, Connection};

/// The number of connections that may wait to be accepted.
const BACKLOG: u32 = 1024;
/// The longest time that the head of a request may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the headers of a request may be, in bytes.
pub(crate) const BUFFER: usize = 64 * 1024;

/// The settings of the server.
#[derive(Debug)]
pub(crate) enum Command {
    /// Reset all connections and refuse new ones, for a time or until told otherwise.
    Refuse(Option<Duration>, oneshot::Sender<()>),
    /// Accept connections again.
    Accept(oneshot::Sender<()>),
}

/// Tells a server.
#[derive(Clone, Debug)]
pub(crate) struct Control(mpsc::UnboundedSender<Command>);

impl Control {
    /// Refuses connections; returns when it does.
    pub async fn refuse(&self, time: Option<Duration>) {
        let (done, wait) = oneshot::channel();
        // A server that is gone refuses already.
        if self.0.send(Command::Refuse(time, done)).is_ok() {
            let _ = wait.await;
        }
    }

    /// Accepts connections; returns when it does.
    pub async fn accept(&self) {
        let (done, wait) = oneshot::channel();
        if self.0.send(Command::Accept(done)).is_ok() {
            let _ = wait.await;
        }
    }
}

/// The socket of the server.
enum Socket {
    Listening(TcpListener),
    /// The port is taken and nobody listens: the system refuses connections.
    Refusing(TcpSocket, Option<Instant>),
    /// The port could not be taken again; the next try is due then.
    Lost(Instant),
}

/// How long to wait before a port that is not free is tried again.
const RETRY: Duration = Duration::from_millis(10);
/// The number of tries before the caller gets an answer.
const TRIES: u32 = 100;

/// A server that has its port, and accepts nothing yet.
pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
    commands: mpsc::UnboundedReceiver<Command>,
}

impl Server {
    pub fn bind(address: SocketAddr) -> io::Result<(Self, Control)> {
        let listener = bind(address)?.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let (tell, commands) = mpsc::unbounded_channel();
        let server = Self {
            listener,
            address,
            commands,
        };
        Ok((server, Control(tell)))
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is dropped, and all connections with it. A connection that makes no progress for the timeout is
    /// closed.
    pub async fn run(mut self, app: Router, timeout: Duration) -> Infallible {
        let mut connections = JoinSet::new();
        let mut breaker = Breaker::default();
        let mut socket = Socket::Listening(self.listener);
        loop {
            tokio::select! {
                accepted = accept(&socket) => {
                    if let Some(stream) = accepted {
                        connections.spawn(serve(stream, breaker.clone(), app.clone(), timeout));
                    }
                }
                () = due(&socket) => socket = listen(socket, self.address),
                Some(command) = self.commands.recv() => match command {
                    Command::Refuse(time, done) => {
                        let until = time.map(|time| {
                            Instant::now().checked_add(time).unwrap_or_else(far_future)
                        });
                        drop(socket);
                        // The connections of this breaker end with a reset; later ones have another.
                        std::mem::take(&mut breaker).reset();
                        connections.shutdown().await;
                        socket = match bind(self.address) {
                            Ok(held) => Socket::Refusing(held, until),
                            // Nobody listens, which is what counts.
                            Err(_) => Socket::Lost(until.unwrap_or_else(far_future)),
                        };
                        let _ = done.send(());
                    }
                    Command::Accept(done) => {
                        socket = listen(socket, self.address);
                        for _ in 0..TRIES {
                            if matches!(socket, Socket::Listening(_)) {
                                break;
                            }
                            tokio::time::sleep(RETRY).await;
                            socket = listen(socket, self.address);
                        }
                        let _ = done.send(());
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

fn far_future() -> Instant {
    Instant::now() + Duration::from_secs(u64::from(u32::MAX))
}

/// The socket with its port, not listening.
fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On Windows it would let two servers have one port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn listen(socket: Socket, address: SocketAddr) -> Socket {
    let listener = match socket {
        Socket::Listening(listener) => Ok(listener),
        Socket::Refusing(socket, _) => socket.listen(BACKLOG),
        Socket::Lost(_) => bind(address).and_then(|socket| socket.listen(BACKLOG)),
    };
    listener.map_or_else(|_| Socket::Lost(Instant::now() + RETRY), Socket::Listening)
}

/// Waits for a connection; `None` if one failed before it was accepted.
async fn accept(socket: &Socket) -> Option<TcpStream> {
    match socket {
        Socket::Listening(listener) => match listener.accept().await {
            Ok((stream, _)) => Some(stream),
            Err(_) => {
                // Out of file descriptors, most likely: others have to close first.
                tokio::time::sleep(RETRY).await;
                None
            }
        },
        Socket::Refusing(..) | Socket::Lost(_) => std::future::pending().await,
    }
}

/// Waits until it is time to listen again.
async fn due(socket: &Socket) {
    match socket {
        Socket::Refusing(_, Some(at)) | Socket::Lost(at) => tokio::time::sleep_until(*at).await,
        Socket::Refusing(_, None) | Socket::Listening(_) => std::future::pending().await,
    }
}

async fn serve(stream: TcpStream, all: Breaker, app: Router, timeout: Duration) {
    let (connection, breaker) = Connection::new(stream, all, timeout);
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(breaker.clone());
        app.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout.min(HEAD_TIMEOUT))
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(connection), service);
    // A connection that breaks has nobody left to be told.
    let _ = connection.await;
}
