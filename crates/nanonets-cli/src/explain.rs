//! Turns an error of the SDK into a message: the cause, the remedy, and the effect that the request may have had.

use std::error::Error as _;

use nanonets_agents::{Error, ErrorKind, Origin};

use crate::command_line::CommandLine;
use crate::effect::effect;
use crate::exit_code::Code;
use crate::failure::Failure;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::of(&error)
    }
}

impl Failure {
    /// The failure of a command because of this error, without another request.
    pub fn of(error: &Error) -> Self {
        let failure = refusal(error);
        match effect(error) {
            Some(effect) => effect.describe(failure, None, None),
            None => failure,
        }
    }
}

/// The cause and the remedy, without the effect that the request may have had.
pub fn refusal(error: &Error) -> Failure {
    let code = match error.kind() {
        ErrorKind::Configuration | ErrorKind::InvalidRequest => Code::Usage,
        // Before anything was sent.
        ErrorKind::File if error.operation().is_none() => Code::Usage,
        ErrorKind::Timeout => Code::TimedOut,
        _ => Code::Refused,
    };
    let has_no_effect = effect(error).is_none();
    let mut message = words(error);
    // A task that was created needs no remedy.
    match remedy(error).filter(|_| error.created().is_none()) {
        Some(Remedy::Repeat(words)) if has_no_effect => message = format!("{message}; {words}"),
        Some(Remedy::Mend(words)) => message = format!("{message}; {words}"),
        _ => {}
    }
    let failure = Failure::new(code, message);
    // Only commands that read have --raw.
    match raw_command(error) {
        Some(command) if is_defect(error) => {
            failure.command("To print the answer as it came", command)
        }
        _ => failure,
    }
}

/// Whether a web page was answered: by a gateway that is out of order, or by something else than the API.
fn is_page(error: &Error) -> bool {
    let is_html = |text: &str| text.to_ascii_lowercase().contains("html");
    let content_type = error.headers().get("content-type");
    error.origin() == Some(Origin::Gateway)
        && (content_type.is_some_and(|value| value.to_str().is_ok_and(is_html))
            || error.body().trim_ascii_start().starts_with(b"<"))
}

/// Whether another place is answered, which the API does not do.
fn is_redirection(error: &Error) -> bool {
    error.status().is_some_and(|status| status.is_redirection())
}

/// Whether the API answered with a success that can't be decoded. The next answer will not be another.
pub fn is_defect(error: &Error) -> bool {
    error.kind() == ErrorKind::Unreadable
        && error.origin() == Some(Origin::Api)
        && !error.is_retryable()
}

/// The command that prints the answer that an error is about as it came.
fn raw_command(error: &Error) -> Option<CommandLine> {
    let task = error.task_id().map(|id| id.to_string());
    let agent = error.agent_id().map(|id| id.to_string());
    let words = match (error.operation()?, &task, &agent) {
        ("get_task", Some(id), _) => ["tasks", "get", id, "--raw"],
        ("get_task_summary", Some(id), _) => ["tasks", "summary", id, "--raw"],
        ("get_task_result", Some(id), _) => ["tasks", "result", id, "--raw"],
        ("list_task_messages", Some(id), _) => ["tasks", "messages", id, "--raw"],
        ("get_agent", _, Some(id)) => ["agents", "get", id, "--raw"],
        ("list_agent_versions", _, Some(id)) => ["agents", "versions", id, "--raw"],
        _ => return None,
    };
    Some(CommandLine::new(words))
}

/// The operation and the cause.
fn words(error: &Error) -> String {
    let operation = error.operation().unwrap_or_default();
    let status = error.status().map(|status| status.to_string());
    let status = status.unwrap_or_default();
    if is_redirection(error) {
        return format!("{operation}: {status}: this is not the API's answer");
    }
    if is_page(error) {
        return format!("{operation}: {status}: a web page came in place of the API's answer");
    }
    let message = match (error.origin(), error.kind()) {
        (Some(Origin::Gateway), ErrorKind::Status) => {
            format!(
                "{}: this is not the API's answer",
                in_words_of_the_shell(error)
            )
        }
        _ => in_words_of_the_shell(error),
    };
    match std::iter::successors(error.source(), |&error| error.source()).last() {
        Some(cause) => format!("{message}: {cause}"),
        None => message,
    }
}

/// The message of the SDK, with options of this command in place of calls of the SDK.
fn in_words_of_the_shell(error: &Error) -> String {
    // The meaning of an ambiguity has lines of its own.
    let message = format!("{error:#}");
    match error.kind() {
        ErrorKind::Configuration if message.contains("allow_plain_http") => {
            "the API key is not sent over plain http to another machine: use https in \
             NANONETS_BASE_URL or --base-url"
                .to_owned()
        }
        // Nothing was sent: neither the operation nor the part of its form matters.
        ErrorKind::InvalidRequest => {
            let words = message.split_once("part `files`: ");
            words.map_or(message.clone(), |(_, words)| words.to_owned())
        }
        _ => message,
    }
}

/// The advice that a message ends with.
enum Remedy {
    /// A problem to correct first.
    Mend(&'static str),
    /// To repeat the command, which is no advice where that could do the thing twice.
    Repeat(&'static str),
}

fn remedy(error: &Error) -> Option<Remedy> {
    use Remedy::{Mend, Repeat};
    let is_server_error = error
        .status()
        .is_some_and(|status| status.is_server_error());
    Some(match (error.origin(), error.kind()) {
        (Some(Origin::Dns), _) => Mend(
            "check the host in NANONETS_BASE_URL or --base-url, and the name resolution of this machine",
        ),
        (Some(Origin::Tls), _) => Mend(
            "check NANONETS_BASE_URL or --base-url, and the certificates that this machine trusts",
        ),
        (Some(Origin::Proxy), _) => {
            Mend("check the proxy in HTTPS_PROXY or ALL_PROXY, with its user and password")
        }
        (Some(Origin::Gateway), _) if is_server_error => Repeat(
            "a gateway or the service is out of order, or NANONETS_BASE_URL or --base-url is not the API's: try again \
             later",
        ),
        _ if is_redirection(error) || is_page(error) => Mend(CHECK_URL),
        _ if error.is_unauthorized() => Mend(
            "set NANONETS_API_KEY, or give --api-key-file, with a valid key: keys are made in the web app under \
             Settings, API Keys",
        ),
        _ if error.is_forbidden() => {
            Mend("the key belongs to another workspace, or the agent is not active")
        }
        _ if error.is_not_found() => Mend("check the id, and that the key is of its workspace"),
        _ if error.is_rate_limited() => Repeat("try again later, or less often"),
        // An answer that broke off does not show which server sent it.
        (_, ErrorKind::Unreadable) if error.is_retryable() => Repeat("try again"),
        (_, ErrorKind::Unreadable) if !is_defect(error) => Mend(CHECK_URL),
        (_, ErrorKind::Connect) => Mend("check the network, and NANONETS_BASE_URL or --base-url"),
        (_, ErrorKind::Lost) => Repeat("try again"),
        (_, ErrorKind::Status) if is_server_error => Repeat(
            "the service is out of order, or NANONETS_BASE_URL or --base-url is not the API's: try again later",
        ),
        _ => return None,
    })
}

const CHECK_URL: &str = "check NANONETS_BASE_URL or --base-url";

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use nanonets_agents::{Client, RetryPolicy};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::runtime::Builder;

    use super::*;

    /// Accepts every connection, reads once, and writes the same bytes.
    async fn server(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                // Who has gone already has the answer that it wants.
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer).await;
            }
        });
        address
    }

    /// A port that nothing listens on.
    async fn nobody() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        listener.local_addr().expect("an address")
    }

    /// The error of the list of agents.
    async fn failure(base_url: String, proxy: Option<SocketAddr>) -> (Option<Origin>, Failure) {
        let mut http = reqwest::Client::builder().tls_certs_only([]).no_proxy();
        if let Some(proxy) = proxy {
            let proxy = reqwest::Proxy::all(format!("http://{proxy}"));
            http = http.proxy(proxy.expect("a proxy"));
        }
        let client = Client::builder("key")
            .base_url(base_url)
            .http_client(http.build().expect("a client"))
            .retry(RetryPolicy::never())
            .build();
        let page = client.expect("a client").agents().list().page().await;
        let error = page.expect_err("it fails");
        (error.origin(), Failure::of(&error))
    }

    fn block_on(test: impl Future<Output = ()>) {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(test);
    }

    #[test]
    fn the_layer_that_failed_is_named() {
        block_on(async {
            let page = "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\n<h1>";
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
            let plain = server(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            let closed = server(b"").await;
            // An alert: handshake failure.
            let alert = server(&[0x15, 3, 3, 0, 2, 2, 40]).await;
            let (page, refusal) = (
                server(page.as_bytes()).await,
                server(refusal.as_bytes()).await,
            );
            let nobody = nobody().await;
            let api = || "https://api.invalid".to_owned();
            for (base_url, proxy, origin, expected) in [
                (
                    format!("https://{plain}"),
                    None,
                    Some(Origin::Tls),
                    "received corrupt message",
                ),
                (
                    format!("https://{closed}"),
                    None,
                    Some(Origin::Network),
                    "tls handshake eof",
                ),
                (
                    format!("https://{alert}"),
                    None,
                    Some(Origin::Tls),
                    "received fatal alert",
                ),
                (
                    format!("https://{nobody}"),
                    None,
                    Some(Origin::Network),
                    "Connection refused",
                ),
                (
                    api(),
                    Some(refusal),
                    Some(Origin::Proxy),
                    "check the proxy in HTTPS_PROXY",
                ),
                (
                    api(),
                    Some(page),
                    Some(Origin::Proxy),
                    "check the proxy in HTTPS_PROXY",
                ),
                (
                    api(),
                    Some(closed),
                    Some(Origin::Proxy),
                    "check the proxy in HTTPS_PROXY",
                ),
                (
                    api(),
                    Some(nobody),
                    Some(Origin::Proxy),
                    "check the proxy in HTTPS_PROXY",
                ),
                (
                    format!("http://{refusal}"),
                    None,
                    Some(Origin::Proxy),
                    "407: ",
                ),
                (
                    format!("http://{page}"),
                    None,
                    Some(Origin::Gateway),
                    "a gateway",
                ),
                (
                    format!("http://{closed}"),
                    None,
                    None,
                    "the answer was lost",
                ),
            ] {
                let (found, failure) = failure(base_url, proxy).await;
                let message = failure.message();
                assert_eq!(found, origin, "{message}");
                assert!(message.contains(expected), "{expected}: {message}");
            }
            // Without a network, the name is not resolved at present.
            let (_, failure) = failure(api(), None).await;
            let message = failure.message();
            assert!(message.contains("the name is not resolved"), "{message}");
        });
    }
}
