//! Dates as a changelog has them: `2026-01-31`.

use std::time::{SystemTime, UNIX_EPOCH};

/// A date that there is.
pub fn parse(text: &str) -> Result<String, String> {
    let numbers: Option<Vec<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
    let is_shaped = text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    match numbers.as_deref() {
        Some(&[year, month, day])
            if text.len() == 10 && is_shaped && (1..=days(year, month)).contains(&day) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("a date is a year, a month and a day: 2026-01-31".to_owned()),
    }
}

/// How many days a month has; one that there is not has none.
fn days(year: u32, month: u32) -> u32 {
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
    let mut year = 1970;
    let mut month = 1;
    loop {
        let length = u64::from(days(year, month));
        if day < length {
            return format!("{year:04}-{month:02}-{:02}", day + 1);
        }
        day -= length;
        (year, month) = if month == 12 {
            (year + 1, 1)
        } else {
            (year, month + 1)
        };
    }
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
