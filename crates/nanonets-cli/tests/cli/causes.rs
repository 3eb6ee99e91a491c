//! Failures that another attempt can't avoid end at once, and the cause is named.

use crate::process::{command, finished};
use crate::raw_server::{RawServer, Reply};

#[tokio::test(flavor = "multi_thread")]
async fn a_permanent_failure_ends_at_once_with_its_cause() {
    let refusing = RawServer::start(|_| Reply::new("407 Proxy Authentication Required", &[], ""));
    let without_tls = RawServer::without_tls();
    let plain = format!("https://{}", without_tls.address());
    let proxy = refusing.url();
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
    assert_eq!(refusing.connections(), 3);
    assert_eq!(without_tls.connections(), 3);
}

/// The README names the variable. reqwest reads it on Linux alone; elsewhere the certificates are the operating system's.
#[cfg(target_os = "linux")]
#[test]
fn certificates_come_from_the_file_that_the_environment_names() {
    let mut nanonets = command();
    nanonets
        .args(["agents", "list", "--base-url", "https://127.0.0.1:1"])
        .env("NANONETS_API_KEY", "key")
        .env("SSL_CERT_FILE", "/dev/null")
        .env_remove("SSL_CERT_DIR");
    let run = finished(nanonets);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("No CA certificates"), "{}", run.stderr);
}
