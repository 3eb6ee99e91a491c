//! A client that knows nothing of the API but its base URL and a key.

use nanonets_agents_sim::{Operation, Simulator};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

/// A simulator and a client of it.
pub struct Api {
    pub simulator: Simulator,
    pub http: reqwest::Client,
}

impl Api {
    pub async fn start() -> Self {
        Self::of(Simulator::start().await)
    }

    pub fn of(simulator: Simulator) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            // Each request sees the server as it is, not as a connection of before left it.
            .pool_max_idle_per_host(0)
            .build();
        Self {
            simulator,
            http: http.expect("a client"),
        }
    }

    /// A request with the key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1{path}", self.simulator.base_url());
        let request = self.http.request(method, url);
        request.bearer_auth(self.simulator.api_key())
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    pub fn patch(&self, path: &str) -> RequestBuilder {
        self.request(Method::PATCH, path)
    }

    /// Creates an agent, and returns its id.
    pub fn agent(&self, name: &str) -> String {
        self.simulator.create_agent(name).id.to_string()
    }

    /// Starts a task with a prompt, and returns its id.
    pub async fn run(&self, agent: &str) -> String {
        let request = self.post(&format!("/agents/{agent}/run"));
        let task = json(request.json(&serde_json::json!({ "query": "Read this." }))).await;
        task["task_id"].as_str().expect("a task id").to_owned()
    }

    /// The status of a task, which counts as a read.
    pub async fn status(&self, task: &str) -> String {
        let task = json(self.get(&format!("/tasks/{task}"))).await;
        task["status"].as_str().expect("a status").to_owned()
    }

    pub fn count(&self, operation: Operation) -> usize {
        self.simulator.count(operation)
    }
}

/// Sends a request that succeeds with JSON.
pub async fn json(request: RequestBuilder) -> Value {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let body = response.text().await.expect("a body");
    assert!(status.is_success(), "{status}: {body}");
    serde_json::from_str(&body).expect("JSON")
}

/// Sends a request that is refused, and returns status and message.
pub async fn refused(request: RequestBuilder) -> (StatusCode, String) {
    refusal(request.send().await.expect("an answer")).await
}

/// Status and message of the documented envelope.
pub async fn refusal(response: Response) -> (StatusCode, String) {
    let status = response.status();
    let body: Value = response.json().await.expect("the envelope");
    let message = body["error"].as_str().expect("a message").to_owned();
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1));
    (status, message)
}
