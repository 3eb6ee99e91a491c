//! What no further attempt can mend: it ends at once, and the cause is named.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::process::{command, finished};

/// A server that reads once from each connection, writes the same bytes, and counts.
fn server(answer: &'static [u8]) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            counted.fetch_add(1, Ordering::Relaxed);
            // A client that has gone already has the answer that it wants.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
        }
    });
    (address, connections)
}

#[test]
fn a_permanent_failure_ends_at_once_with_its_cause() {
    let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
    let (proxy, through_proxy) = server(refusal);
    let (plain, to_plain) = server(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    let (plain, proxy) = (format!("https://{plain}"), format!("http://{proxy}"));
    let id = "7f7e4431-66f4-4eb9-bc91-473994247fe4";
    let invalid = "https://api.invalid".to_owned();
    for (base_url, proxy, expected) in [
        (&invalid, Some(&proxy), "check the proxy in HTTPS_PROXY"),
        (&plain, None, "the TLS handshake failed"),
    ] {
        for args in [
            &["agents", "list"][..],
            &["run", id, "--query", "q"],
            &["tasks", "wait", id],
        ] {
            let mut nanonets = command();
            nanonets
                .args(args)
                .env("NANONETS_API_KEY", "key")
                .env("NANONETS_BASE_URL", base_url);
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
                nanonets.env_remove(name);
            }
            if let Some(proxy) = proxy {
                nanonets.env("HTTPS_PROXY", proxy);
            }
            let run = finished(nanonets);
            assert_eq!(run.code, 1, "nothing happened: {run:?}");
            assert!(run.stderr.contains(expected), "{run:?}");
            assert!(!run.stderr.contains("trying again"), "{run:?}");
        }
    }
    // One for each command.
    assert_eq!(through_proxy.load(Ordering::Relaxed), 3);
    assert_eq!(to_plain.load(Ordering::Relaxed), 3);
}
