//! Which connection a request is sent on.
//!
//! reqwest tells it only with the answer, and an upload needs to know before. But a client that keeps no connections
//! makes one for each request, and does so in the request's own task: whatever is connected in the [`scope`] of an
//! [`Activity`] is its connection.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::{Connection, HttpInfo};
use tower_layer::Layer;
use tower_service::Service;

use crate::activity::Activity;
use crate::send_queue::Ends;

tokio::task_local! {
    static REQUEST: Activity;
}

/// Runs a request. The connections that it makes belong to `activity`.
pub(crate) async fn scope<Sent: Future>(activity: Activity, request: Sent) -> Sent::Output {
    REQUEST.scope(activity, request).await
}

/// Tells the [`Activity`] of an upload which connection it is sent on, so that it can ask the system whether bytes leave,
/// and that of any request whose method is not idempotent whether there is a connection yet.
///
/// It belongs to a client that keeps no connections, for one that was made for an earlier request is not told:
///
/// ```
/// use nanonets_agents_api::ConnectionLayer;
///
/// # fn example() -> reqwest::Result<reqwest::Client> {
/// reqwest::Client::builder()
///     .connector_layer(ConnectionLayer)
///     .pool_max_idle_per_host(0)
///     .tcp_user_timeout(None)
///     .build()
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnectionLayer;

impl<S> Layer<S> for ConnectionLayer {
    type Service = ConnectionService<S>;

    fn layer(&self, connector: S) -> ConnectionService<S> {
        ConnectionService(connector)
    }
}

/// The connector that a [`ConnectionLayer`] makes.
#[derive(Clone)]
pub struct ConnectionService<S>(S);

impl<S> fmt::Debug for ConnectionService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionService")
    }
}

impl<S, Target> Service<Target> for ConnectionService<S>
where
    S: Service<Target>,
    S::Response: Connection + 'static,
    S::Error: 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, target: Target) -> Self::Future {
        let connecting = self.0.call(target);
        let Ok(activity) = REQUEST.try_with(Activity::clone) else {
            return Box::pin(connecting);
        };
        activity.is_connecting(true);
        Box::pin(async move {
            let connection = connecting.await?;
            activity.is_connecting(false);
            if let Some(ends) = ends(&connection) {
                activity.connected(ends);
            }
            Ok(connection)
        })
    }
}

/// The addresses of a connection, if it is one of TCP.
fn ends(connection: &impl Connection) -> Option<Ends> {
    let mut extras = http::Extensions::new();
    connection.connected().get_extras(&mut extras);
    let info: &HttpInfo = extras.get()?;
    Some(Ends {
        local: info.local_addr(),
        remote: info.remote_addr(),
    })
}
