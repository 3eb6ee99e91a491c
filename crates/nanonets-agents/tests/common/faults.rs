//! Everything that the simulator can do to an answer.

use std::time::Duration;

use nanonets_agents_sim::Fault;

/// The faults, each by its name.
pub fn faults() -> Vec<(&'static str, Fault)> {
    let pause = Duration::from_millis(200);
    vec![
        ("html", Fault::status(502).html("<h1>Bad gateway</h1>")),
        ("empty", Fault::status(500).empty()),
        (
            "truncated error",
            Fault::status(404).body("application/json", "{\"err"),
        ),
        ("not found", Fault::status(404)),
        ("conflict", Fault::status(409)),
        ("unauthorized", Fault::status(401)),
        (
            "rate limited",
            Fault::status(429).retry_after(Duration::ZERO),
        ),
        (
            "rate limited until a date",
            Fault::status(429).retry_after_date(chrono::Utc::now()),
        ),
        ("unavailable", Fault::status(503)),
        (
            "unavailable for now",
            Fault::status(503).retry_after(Duration::ZERO),
        ),
        ("request timeout", Fault::status(408)),
        (
            "rate limited by a gateway",
            Fault::status(429).html("<h1>Slow down</h1>"),
        ),
        (
            "unavailable, says a cache",
            Fault::status(503)
                .html("<h1>Backend fetch failed</h1>")
                .retry_after(Duration::ZERO),
        ),
        ("odd date", Fault::set_field("created_at", "yesterday")),
        ("null message", Fault::null_field("message")),
        (
            "redirect",
            Fault::status(307).header("location", "http://127.0.0.1:1/elsewhere"),
        ),
        ("large", Fault::status(200).json_of(20_000_000)),
        ("no JSON", Fault::status(200).body("text/plain", "ok")),
        (
            "another JSON",
            Fault::status(200).body("application/json", "[1]"),
        ),
        ("late headers", Fault::delay_headers(pause)),
        ("late body", Fault::delay_body(pause)),
        ("truncated", Fault::truncate()),
        ("cut off", Fault::cut_off()),
        ("reset", Fault::reset()),
        ("refused", Fault::refuse(pause)),
        ("unknown values", Fault::unknown_enum_values()),
        ("unknown fields", Fault::unknown_fields()),
        ("no status", Fault::without_field("status")),
        ("null status", Fault::null_field("status")),
        ("no id", Fault::without_field("id")),
        ("no task id", Fault::without_field("task_id")),
        ("no data", Fault::without_field("data")),
        ("endless list", Fault::repeat_cursor()),
        ("empty page", Fault::empty_page()),
    ]
}
