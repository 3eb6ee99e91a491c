//! Requests that are built step by step.
//!
//! A step that fails, such as a header whose value has a line break, is remembered, and [`Draft::finish`] returns it: the
//! generated code is a list of what goes where.

use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Url};
use serde_json::Value;

use super::constraint::Constraints;
use super::parameter::{self, Style};
use super::wire::{As, Wire};
use super::{form, multipart, query, request};

/// The URL of a request.
#[derive(Debug)]
pub struct Path {
    url: Result<String, String>,
}

impl Path {
    /// The base URL.
    #[must_use]
    pub fn new(base: &str) -> Self {
        // With room for a path, so that it seldom has to grow.
        let mut url = String::with_capacity(base.len() + 128);
        url.push_str(base);
        Self { url: Ok(url) }
    }

    /// Adds text of the path template.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        if let Ok(url) = &mut self.url {
            url.push_str(text);
        }
        self
    }

    /// Adds the value of a path parameter.
    #[must_use]
    pub fn parameter<T: Wire>(mut self, name: &str, value: &T) -> Self {
        if let Ok(url) = &mut self.url {
            let text =
                super::scalar::to_text(&As(value)).map_err(|problem| format!("`{name}` {problem}"));
            match text.and_then(|text| request::segment(name, &text)) {
                Ok(segment) => url.push_str(&segment),
                Err(problem) => self.url = Err(problem),
            }
        }
        self
    }
}

/// A request to be.
#[derive(Debug)]
pub struct Draft {
    request: Result<Request, String>,
}

impl Draft {
    /// A request without a body, which asks for answers of some media types.
    #[must_use]
    pub fn new(method: Method, path: Path, accept: &'static str) -> Self {
        let request = path.url.and_then(|url| {
            let url = Url::parse(&url).map_err(|error| {
                format!("the request can't be made: {error}; is the base URL right?")
            })?;
            let mut request = Request::new(method, url);
            request
                .headers_mut()
                .insert(ACCEPT, HeaderValue::from_static(accept));
            Ok(request)
        });
        Self { request }
    }

    fn step(&mut self, step: impl FnOnce(&mut Request) -> Result<(), String>) {
        if let Ok(request) = &mut self.request
            && let Err(problem) = step(request)
        {
            self.request = Err(problem);
        }
    }

    /// Requires a value, if there is one, to keep its constraints.
    pub fn check<T: Wire>(&mut self, name: &str, value: Option<&T>, constraints: &Constraints) {
        let Some(value) = value else { return };
        self.step(|_| {
            let checked = value.check(constraints);
            checked.map_err(|violation| violation.message(name))
        });
    }

    /// Requires a list of files to keep its constraints.
    pub fn count(&mut self, name: &str, items: usize, constraints: &Constraints) {
        self.step(|_| {
            let checked = constraints.count(items);
            checked.map_err(|violation| violation.message(name))
        });
    }

    /// Adds a query parameter, if it has a value.
    pub fn query<T: Wire>(&mut self, name: &str, style: Style, value: Option<&T>) {
        let Some(value) = value else { return };
        self.step(
            |request| match (style, parameter::to_value(name, &As(value))?) {
                // The delimiters of a list are not encoded, so a value can hold them.
                (Style::Joined(between), Value::Array(items)) => {
                    query::append_list(request, name, encoded(between), &items)
                }
                (style, value) => parameter::append_query(request, name, style, &value),
            },
        );
    }

    /// Sets a header, if it has a value.
    pub fn header<T: Wire>(&mut self, name: &str, style: Style, value: Option<&T>) {
        let Some(value) = value else { return };
        self.step(|request| match style {
            Style::Json => {
                let json = parameter::to_value(name, &As(value))?.to_string();
                parameter::set_header(request, name, false, &json)
            }
            style => {
                let is_exploded = style == Style::JoinedPairs;
                parameter::set_header(request, name, is_exploded, &As(value))
            }
        });
    }

    /// Adds a cookie, if it has a value.
    pub fn cookie<T: Wire>(&mut self, name: &str, style: Style, value: Option<&T>) {
        let Some(value) = value else { return };
        self.step(|request| match style {
            Style::Json => {
                let json = parameter::to_value(name, &As(value))?.to_string();
                parameter::add_cookie(request, name, &json)
            }
            _ => parameter::add_cookie(request, name, &As(value)),
        });
    }

    fn body(
        &mut self,
        media_type: &'static str,
        body: impl FnOnce() -> Result<reqwest::Body, String>,
    ) {
        self.step(|request| {
            *request.body_mut() = Some(body()?);
            // Unless a header parameter has set another one.
            request
                .headers_mut()
                .entry(CONTENT_TYPE)
                .or_insert(HeaderValue::from_static(media_type));
            Ok(())
        });
    }

    /// Sets a JSON body, if there is one.
    pub fn json<T: Wire>(&mut self, media_type: &'static str, value: Option<&T>) {
        let Some(value) = value else { return };
        self.body(media_type, || {
            let json = serde_json::to_vec(&As(value))
                .map_err(|error| format!("the body can't be encoded: {error}"))?;
            Ok(json.into())
        });
    }

    /// Sets the body of a form, if there is one; `styles` are those of its fields that have one.
    pub fn form<T: Wire>(
        &mut self,
        media_type: &'static str,
        styles: &[(&str, Style)],
        value: Option<&T>,
    ) {
        let Some(value) = value else { return };
        self.body(media_type, || Ok(form::encode(&As(value), styles)?.into()));
    }

    /// Sets a body of text or bytes, if there is one.
    pub fn raw(&mut self, media_type: &'static str, body: Option<reqwest::Body>) {
        if let Some(body) = body {
            self.body(media_type, || Ok(body));
        }
    }

    /// Sets a multipart body, whose files are checked.
    pub async fn multipart(&mut self, form: multipart::Form) {
        let result = match &mut self.request {
            Ok(request) => form.apply(request).await,
            Err(_) => Ok(()),
        };
        self.step(|_| result);
    }

    /// The request. One without a body says that its length is 0, if its method usually has one: some servers and proxies
    /// reject a `POST` without `Content-Length` (RFC 9110, section 8.6).
    ///
    /// # Errors
    ///
    /// The problem of the first step that failed.
    pub fn finish(self) -> Result<Request, String> {
        let mut request = self.request?;
        let has_content = matches!(
            *request.method(),
            Method::POST | Method::PUT | Method::PATCH
        );
        if has_content && request.body().is_none() {
            request
                .headers_mut()
                .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Ok(request)
    }
}

/// A delimiter as it is in a URL.
fn encoded(between: &'static str) -> &'static str {
    match between {
        " " => "%20",
        between => between,
    }
}
