//! Dates as a changelog has them: `2026-01-31`.

use std::time::{SystemTime, UNIX_EPOCH};

/// Checks that a text is a date of the calendar.
///
/// # Errors
///
/// A sentence that says how a date is written.
pub fn parse(text: &str) -> Result<String, String> {
    let numbers: Option<Vec<u64>> = text.split('-').map(|part| part.parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[year, month, day])
            if year < 10_000
                && (1..=days(year, month)).contains(&day)
                && text == written(year, month, day) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("a date is a year, a month and a day: 2026-01-31".to_owned()),
    }
}

fn written(year: u64, month: u64, day: u64) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

/// The number of days of a month; 0 for a month that does not exist.
fn days(year: u64, month: u64) -> u64 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

/// The date in UTC.
pub fn today() -> String {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    of_day(since_1970.map_or(0, |time| time.as_secs() / 86_400))
}

/// The date of a day that is counted from 1970-01-01.
fn of_day(mut day: u64) -> String {
    let (mut year, mut month) = (1970, 1);
    while day >= days(year, month) {
        day -= days(year, month);
        (year, month) = if month == 12 {
            (year + 1, 1)
        } else {
            (year, month + 1)
        };
    }
    written(year, month, day + 1)
}

#[cfg(test)]
mod tests {
    use super::of_day;

    #[test]
    fn days_are_counted_over_leap_years() {
        assert_eq!(of_day(0), "1970-01-01");
        assert_eq!(of_day(11_016), "2000-02-29");
        assert_eq!(of_day(20_513), "2026-03-01");
    }
}
