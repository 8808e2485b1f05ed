//! Numbers and dates for readers; the same on server and client.

/// A count with separators: `12,345`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `1,200 rows`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        thousands(count),
        if count == 1 { one } else { many }
    )
}

/// `25 Oct 2019, 17:15 UTC` from RFC 3339 in UTC; any other text unchanged.
pub fn instant(text: &str) -> String {
    let parts = text.strip_suffix('Z').and_then(|text| text.split_once('T'));
    parts
        .and_then(|(day, time)| Some(format!("{}, {} UTC", calendar_day(day)?, time.get(..5)?)))
        .unwrap_or_else(|| text.to_owned())
}

/// `25 Oct 2019` from ISO 8601; any other text unchanged.
pub fn date(text: &str) -> String {
    calendar_day(text).unwrap_or_else(|| text.to_owned())
}

fn calendar_day(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    let day: u8 = day.parse().ok()?;
    Some(format!("{day} {month} {year}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_dates_read_well() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(counted(1, "row", "rows"), "1 row");
        assert_eq!(instant("2019-10-25T17:15:00.5Z"), "25 Oct 2019, 17:15 UTC");
        assert_eq!(date("2020-02-01"), "1 Feb 2020");
        for other in ["soon", "2019-13-01", "2019-00-01", "2019-10", "aT1Z"] {
            assert_eq!(instant(other), other);
            assert_eq!(date(other), other);
        }
    }
}
