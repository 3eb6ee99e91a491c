//! How much of what a connection was given has not arrived yet, as Linux reports it.
//!
//! reqwest gives no access to its sockets. The kernel lists them all in `/proc/self/net/tcp` and `tcp6`: one row for each
//! connection, with its two addresses and the bytes of its send queue that the peer has not acknowledged.
//! (`proc_pid_net(5)`; the addresses are 32-bit words in the byte order of the machine.)

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The two ends of a TCP connection, which identify it on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ends {
    pub local: SocketAddr,
    pub remote: SocketAddr,
}

/// A table of connections, kept for a moment: a thousand uploads that look at the same time read it once.
struct Table {
    path: &'static str,
    taken: Instant,
    rows: String,
}

static TABLE: Mutex<Option<Table>> = Mutex::new(None);

impl Ends {
    /// The bytes in the send queue, as of some time in the last `max_age`, or nothing if the system doesn't tell.
    pub async fn send_queue(self, max_age: Duration) -> Option<u64> {
        if !cfg!(any(target_os = "linux", target_os = "android")) {
            return None;
        }
        let now = Instant::now();
        // A machine with many connections takes milliseconds to list them.
        let looked = tokio::task::spawn_blocking(move || self.look(now, max_age));
        looked.await.ok().flatten()
    }

    fn look(self, now: Instant, max_age: Duration) -> Option<u64> {
        let path = match self.local {
            SocketAddr::V4(_) => "/proc/self/net/tcp",
            SocketAddr::V6(_) => "/proc/self/net/tcp6",
        };
        let mut table = TABLE.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |table: &Table| {
            let age = now.checked_duration_since(table.taken);
            table.path == path && age.is_some_and(|age| age <= max_age)
        };
        if !table.as_ref().is_some_and(is_recent) {
            *table = Some(Table {
                path,
                taken: now,
                rows: std::fs::read_to_string(path).ok()?,
            });
        }
        self.find(&table.as_ref()?.rows)
    }

    /// Finds the row of this connection, such as
    /// `  12: 0100007F:C0DE 0100007F:1F90 01 00001A2B:00000000 ...`: the addresses, the state, the two queues.
    fn find(self, rows: &str) -> Option<u64> {
        let ends = format!(": {} {} ", written(self.local), written(self.remote));
        let (_, row) = rows.split_once(&ends)?;
        let queues = row.split_ascii_whitespace().nth(1)?;
        let (sent, _) = queues.split_once(':')?;
        u64::from_str_radix(sent, 16).ok()
    }
}

/// An address as the kernel writes it.
fn written(address: SocketAddr) -> String {
    let word = |bytes: &[u8]| {
        let bytes = bytes.try_into().unwrap_or_default();
        format!("{:08X}", u32::from_ne_bytes(bytes))
    };
    let ip: String = match address.ip() {
        IpAddr::V4(ip) => word(&ip.octets()),
        IpAddr::V6(ip) => ip.octets().chunks(4).map(word).collect(),
    };
    format!("{ip}:{:04X}", address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(local: &str, remote: &str) -> Ends {
        Ends {
            local: local.parse().expect("an address"),
            remote: remote.parse().expect("an address"),
        }
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn the_row_of_a_connection_is_found_by_its_addresses() {
        let rows = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
                    0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0\n   \
                    1: 0100007F:1F90 0100007F:C0DE 01 00000001:00001A2B 00:00000000 00000000     0        0 2 1 0\n   \
                    2: 0100007F:C0DE 0100007F:1F90 01 00001A2B:00000000 00:00000000 00000000     0        0 3 1 0\n";
        let here = ends("127.0.0.1:49374", "127.0.0.1:8080");
        assert_eq!(here.find(rows), Some(0x1a2b));
        assert_eq!(ends("127.0.0.1:49374", "127.0.0.1:8081").find(rows), None);
        assert_eq!(here.find("\u{0}: no table"), None);
        assert_eq!(here.find(": 0100007F:C0DE 0100007F:1F90 01 zz"), None);
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn addresses_are_written_as_the_kernel_does() {
        let address = "[2001:db8::1]:443".parse().expect("an address");
        assert_eq!(written(address), "B80D0120000000000000000001000000:01BB");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_reports_the_queue_of_a_real_connection() {
        use std::io::{ErrorKind, Write as _};
        let look = |ends: Ends| ends.look(Instant::now(), Duration::ZERO);
        for any in ["127.0.0.1:0", "[::1]:0"] {
            // A machine without IPv6 has nothing to ask about.
            let Ok(listener) = std::net::TcpListener::bind(any) else {
                continue;
            };
            let address = listener.local_addr().expect("an address");
            let mut socket = std::net::TcpStream::connect(address).expect("a connection");
            let ends = Ends {
                local: socket.local_addr().expect("an address"),
                remote: address,
            };
            assert_eq!(look(ends), Some(0), "{any}");
            // Nobody reads: in the end, the peer's kernel takes no more.
            socket.set_nonblocking(true).expect("a socket");
            let full = loop {
                if let Err(error) = socket.write(&[0; 65536]) {
                    break error;
                }
            };
            assert_eq!(full.kind(), ErrorKind::WouldBlock);
            let queue = look(ends);
            assert!(queue > Some(0), "{any}: {queue:?}");
            drop((socket, listener));
        }
    }
}
