//! Numbers and instants as readers want them; the same on server and client.

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

/// `2019-10-25 17:15 UTC` of RFC 3339 in UTC; anything else as it is.
pub fn instant(text: &str) -> String {
    let parts = text.strip_suffix('Z').and_then(|text| text.split_once('T'));
    match parts {
        Some((date, time)) if time.len() >= 5 && time.is_ascii() => {
            format!("{date} {} UTC", &time[..5])
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_instants_read_well() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(counted(1, "row", "rows"), "1 row");
        assert_eq!(instant("2019-10-25T17:15:00.5Z"), "2019-10-25 17:15 UTC");
        assert_eq!(instant("soon"), "soon");
    }
}
