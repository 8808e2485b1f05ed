//! Text in charts: shortened, wrapped and escaped names.

/// Characters of a name in one line of a hover.
const HOVER_LINE: usize = 42;

/// Escapes text for plotly.js, which reads a subset of HTML in labels and hovers.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Shortens text to at most `most` characters by leaving out the middle.
pub fn shorten(text: &str, most: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= most {
        return text.to_owned();
    }
    let head = (most - 1) / 2;
    let tail = most - 1 - head;
    let start: String = characters[..head].iter().collect();
    let end: String = characters[characters.len() - tail..].iter().collect();
    format!("{start}…{end}")
}

/// Escaped lines for a hover, the first in bold, broken to fit a phone, because plotly.js does not wrap hovers.
pub fn hover(text: &str) -> String {
    let lines = text.lines().enumerate().map(|(number, line)| {
        let line = wrap(&shorten(line, HOVER_LINE * 5), HOVER_LINE);
        if number == 0 {
            format!("<b>{line}</b>")
        } else {
            line
        }
    });
    lines.collect::<Vec<_>>().join("<br>")
}

/// Escaped text in lines of at most `most` characters, broken after separators where possible.
fn wrap(text: &str, most: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut lines = Vec::new();
    let mut rest = characters.as_slice();
    while rest.len() > most {
        let breaks_after = |c: &char| matches!(c, '/' | '-' | '_' | '.' | ' ');
        let end = rest[..most].iter().rposition(breaks_after);
        let (line, after) = rest.split_at(end.map_or(most, |at| at + 1));
        lines.push(line);
        rest = after;
    }
    lines.push(rest);
    let escaped = |line: &[char]| escape(&line.iter().collect::<String>());
    lines
        .into_iter()
        .map(escaped)
        .collect::<Vec<_>>()
        .join("<br>")
}

/// Names without their common prefix and without the default branch at the end, of at most `most` characters.
pub fn names(names: &[String], most: usize) -> Vec<String> {
    let common = common_start(names);
    let label = |name: &String| {
        let name = &name[common..];
        let branch = ["/master", "/main"];
        let short = branch.iter().find_map(|branch| name.strip_suffix(branch));
        shorten(short.unwrap_or(name), most)
    };
    names.iter().map(label).collect()
}

/// The length in bytes of the common prefix, in whole words (`HMCTS_`).
fn common_start(names: &[String]) -> usize {
    let (Some(first), true) = (names.first(), names.len() > 1) else {
        return 0;
    };
    let shared = |name: &String| {
        let pairs = first.bytes().zip(name.bytes());
        pairs.take_while(|(one, other)| one == other).count()
    };
    let common = names.iter().map(shared).min().unwrap_or(0);
    let mut bytes = first.as_bytes()[..common].iter();
    bytes.rposition(|&byte| byte == b'_').map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_data_stays_text() {
        assert_eq!(escape("<b>&"), "&lt;b&gt;&amp;");
        assert_eq!(hover("<b>\nx<i>"), "<b>&lt;b&gt;</b><br>x&lt;i&gt;");
    }

    #[test]
    fn a_hover_has_names_whole_in_lines() {
        let name = "HMCTS_Nightly_CMC/cmc-legal-frontend-of-some-length/master";
        let lines = hover(name);
        assert_eq!(lines.replace("<br>", ""), format!("<b>{name}</b>"));
        assert_eq!(lines.split("<br>").count(), 2);
        assert_eq!(hover(&"ä".repeat(10_000)).split("<br>").count(), 5);
    }

    #[test]
    fn names_omit_the_common_prefix_and_the_branch() {
        let labels = |names_of: &[&str]| {
            let all: Vec<String> = names_of.iter().map(ToString::to_string).collect();
            names(&all, 38)
        };
        assert_eq!(
            labels(&["HMCTS_CMC/claim-store/master"]),
            ["HMCTS_CMC/claim-store"]
        );
        assert_eq!(
            labels(&[
                "HMCTS_CMC/claim-store/master",
                "HMCTS_Nightly_CMC/a/main",
                "HMCTS_é"
            ]),
            ["CMC/claim-store", "Nightly_CMC/a", "é"]
        );
        assert_eq!(labels(&["a_b", "c_b"]), ["a_b", "c_b"]);
        let long = "a".repeat(10_000);
        assert_eq!(labels(&[&long])[0].chars().count(), 38);
    }
}
