//! A client that sends bytes: what no HTTP library would send, or half of it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The longest wait for an answer. A test that waits so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Opens a connection and sends bytes.
pub async fn send(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes).await.expect("a connection");
    stream
}

/// Everything that the server sends until it closes the connection.
pub async fn until_closed(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // A reset is an end as well.
    drop(end.expect("the server closes the connection"));
    String::from_utf8(answer).expect("UTF-8")
}

/// Sends bytes, and returns everything that the server sends until it closes the connection.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    until_closed(send(address, bytes).await).await
}
