//! EPSS scores, the CSV file of one day.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};

use super::known_exploited::date;
use crate::server::{
    model::{
        Epss, EpssScore,
        text::{MAX_VERSION, cut},
    },
    sources::file::is_cve,
};

/// The most lines; there were about 300,000 in 2026.
const MAX_LINES: usize = 500_000;

/// Parses scores.
///
/// # Errors
/// The file has another form, is damaged, or is too large.
pub fn parse(text: &str) -> Result<Epss> {
    let mut lines = text.lines().enumerate();
    let (_, first) = lines.next().context("the file is empty")?;
    let said = first
        .strip_prefix('#')
        .context("the first line is not “#model_version:…,score_date:…”")?;
    let value = |name: &str| {
        let mut parts = said.split(',');
        parts.find_map(|part| part.trim().strip_prefix(name)?.strip_prefix(':'))
    };
    let day = value("score_date").context("the first line has no score_date")?;
    let as_of = date(day).context("score_date is not a date")?;
    let model = cut(value("model_version").unwrap_or_default(), MAX_VERSION).into_owned();
    let header = lines.next().map(|(_, line)| line.trim());
    if header != Some("cve,epss,percentile") {
        bail!("the second line is not “cve,epss,percentile”");
    }
    let mut scores = BTreeMap::new();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let (cve, score) = row(line)
            .with_context(|| format!("line {} is not a CVE and two shares", number + 1))?;
        scores.insert(cve, score);
        ensure!(
            scores.len() <= MAX_LINES,
            "more than {MAX_LINES} lines of scores"
        );
    }
    ensure!(!scores.is_empty(), "the file has no scores");
    Ok(Epss {
        as_of,
        model,
        scores,
    })
}

fn row(line: &str) -> Option<(String, EpssScore)> {
    let mut cells = line.split(',').map(str::trim);
    let cve = cells.next()?.to_ascii_uppercase();
    let share = |cell: &str| {
        let share: f32 = cell.parse().ok()?;
        (0.0..=1.0).contains(&share).then_some(share)
    };
    let score = EpssScore {
        probability: share(cells.next()?)?,
        percentile: share(cells.next()?)?,
    };
    (is_cve(&cve) && cells.next().is_none()).then_some((cve, score))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const SCORES: &str = "#model_version:v2025.03.14,score_date:2026-11-28T12:55:00Z\n\
        cve,epss,percentile\n\
        CVE-2021-44228,0.94358,0.99958\n\
        CVE-2022-1471,0.00042,0.0512\r\n";

    #[test]
    fn scores_are_read_and_kept() {
        let list = parse(SCORES).expect("scores");
        assert_eq!(list.as_of, date(2026, 11, 28));
        assert_eq!(list.model, "v2025.03.14");
        let expected = EpssScore {
            probability: 0.00042,
            percentile: 0.0512,
        };
        assert_eq!(list.scores["CVE-2022-1471"], expected);
        let json = list.to_json();
        assert!(
            json.contains(r#""CVE-2021-44228":[0.94358,0.99958]"#),
            "{json}"
        );
        assert_eq!(Epss::from_json(&json).expect("scores"), list);
    }

    #[test]
    fn dates_without_a_colon_in_their_offset_are_read() {
        let old = SCORES.replace("2026-11-28T12:55:00Z", "2023-03-07T00:00:00+0000");
        assert_eq!(parse(&old).expect("scores").as_of, date(2023, 3, 7));
    }

    #[test]
    fn other_and_damaged_files_are_refused() {
        let refused = |text: &str| parse(text).expect_err("refused").to_string();
        assert!(refused("").contains("empty"));
        assert!(refused("cve,epss,percentile\n").contains("first line"));
        assert!(refused("#score_date:soon\ncve,epss,percentile\n").contains("score_date"));
        let head = "#model_version:v1,score_date:2026-11-28\n";
        assert!(refused(&format!("{head}a,b\n")).contains("second line"));
        assert!(refused(&format!("{head}cve,epss,percentile\n")).contains("no scores"));
        for row in [
            "CVE-2021-44228,2,0.5",
            "CVE-2021-44228,0.5",
            "CVE-2021-44228,0.5,0.5,1",
            "CVE-2021-44228,NaN,0.5",
            "GHSA-a,0.5,0.5",
        ] {
            let said = refused(&format!("{head}cve,epss,percentile\n{row}\n"));
            assert!(said.contains("line 3"), "{said}");
        }
    }

    #[test]
    fn the_number_of_scores_is_limited() {
        let mut text = "#model_version:v1,score_date:2026-11-28\ncve,epss,percentile\n".to_owned();
        for number in 0..=MAX_LINES {
            text.push_str(&format!("CVE-2026-{:04},0,0\n", number + 1000));
        }
        let said = parse(&text).expect_err("too long").to_string();
        assert!(said.contains("500000"), "{said}");
    }
}
