use serde_json::Value;
pub fn placeholder(_: Option<&str>, _: u64) -> Value {
    serde_json::json!({"simulated": true})
}
