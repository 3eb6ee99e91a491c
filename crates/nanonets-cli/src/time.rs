//! Times and durations of the command line and of messages.

use std::time::Duration;

use chrono::{DateTime, Datelike as _, Local, NaiveDate, TimeDelta, TimeZone as _, Utc};

/// A time: RFC 3339, a date, which begins at midnight here, or how long ago, such as `2h`.
pub fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let time = if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        Some(time.to_utc())
    } else if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let midnight = date.and_time(chrono::NaiveTime::MIN);
        let here = Local.from_local_datetime(&midnight).earliest();
        here.map(|time| time.to_utc())
    } else {
        let ago = humantime::parse_duration(text).map_err(|_| {
            "give a time like 2026-01-31T09:30:00Z, a date, or how long ago, like 2h".to_owned()
        })?;
        let ago = TimeDelta::from_std(ago).ok();
        ago.and_then(|ago| Utc::now().checked_sub_signed(ago))
    };
    // RFC 3339 has no other years.
    time.filter(|time| (0..=9999).contains(&time.year()))
        .ok_or_else(|| "there is no such time".to_owned())
}

/// The longest time to wait. Far beyond it, clocks overflow.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A time to wait, such as `90s` or `10m`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; give a time like 90s, 10m or 1h30m"))?;
    if duration > LONGEST {
        return Err("a year is the longest time: leave the option out to have no limit".to_owned());
    }
    Ok(duration)
}

/// A time in seconds, as RFC 3339.
pub fn seconds(time: DateTime<Utc>) -> String {
    time.format("%FT%TZ").to_string()
}
