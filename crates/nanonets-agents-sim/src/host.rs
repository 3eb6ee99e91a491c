//! The host that a request is for, by RFC 9112, section 3.2. The simulator answers under any name, as a server without
//! virtual hosts does, but not to a request that names none, several, or one that can't be.

use std::net::Ipv6Addr;

use axum::http::header::HOST;
use axum::http::{HeaderMap, Method, Uri, Version};

use crate::reply::Failure;

/// Rejects a request whose target or `Host` is invalid.
///
/// The host of an absolute target wins over `Host`, which may differ from it.
pub(crate) fn check(
    method: &Method,
    uri: &Uri,
    version: Version,
    headers: &HeaderMap,
) -> Result<(), Failure> {
    let invalid = |message: &str| Err(Failure::bad_request(message));
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return invalid("the header `Host` is there more than once"),
        (None, None) if version >= Version::HTTP_11 => {
            return invalid("the header `Host` is missing");
        }
        (None, None) => {}
        (Some(host), None) => {
            if !host.to_str().is_ok_and(is_host) {
                return invalid("the header `Host` is not a host with an optional port");
            }
        }
    }
    match (uri.scheme_str(), uri.authority()) {
        // The target is a path, or `*`.
        (None, None) if uri.path() != "*" || method == Method::OPTIONS => Ok(()),
        (Some("http"), Some(host)) => {
            let host = host.as_str();
            if is_host(host) && !host.is_empty() && !host.starts_with(':') {
                Ok(())
            } else {
                invalid("the target of the request has no valid host")
            }
        }
        (Some(_), _) => invalid("the target of the request has another scheme than `http`"),
        (None, Some(_)) if method == Method::CONNECT => Ok(()),
        (None, _) => invalid("the target of the request is not a path"),
    }
}

/// Whether a text is a host and an optional port: `uri-host [ ":" port ]`. An empty one is.
fn is_host(text: &str) -> bool {
    let (is_valid, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) => (address.parse::<Ipv6Addr>().is_ok(), port),
            None => return false,
        },
        None => {
            let end = text.find(':').unwrap_or(text.len());
            (is_name(&text[..end]), &text[end..])
        }
    };
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit())
            && (port.is_empty() || port.parse::<u16>().is_ok())
    };
    is_valid && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

/// Whether a text is a `reg-name` of RFC 3986, section 3.2.2.
fn is_name(text: &str) -> bool {
    let mut pieces = text.split('%');
    let is_plain = |piece: &str| {
        piece
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte))
    };
    let is_encoded = |piece: &str| {
        let digits = piece.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    pieces.next().is_some_and(is_plain) && pieces.all(|piece| is_encoded(piece) && is_plain(piece))
}

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn a_host_is_a_name_or_an_address_with_an_optional_port() {
        for host in [
            "",
            "a",
            "127.0.0.1:8080",
            "localhost:",
            "a.example",
            "a_b",
            "[::1]:80",
            "[::1]",
            "%C3%A9",
            "a:065",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "a b", "a:x", "a:-1", "a:+1", "a:80:80", "a:99999", "u@a", "a/b", "[::1", "[::1]80",
            "[a]", "::1", "a%", "a%4", "a%zz", "é", "a?", "a#", "\"a\"", "a\\b", "a,b c", "<a>",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }
}
