//! Versions of products as repositories write them.

/// Words that may precede a number.
const PREFIXES: [&str; 14] = [
    "v",
    "go",
    "net",
    "netcoreapp",
    "node",
    "nodejs",
    "python",
    "ruby",
    "php",
    "java",
    "jdk",
    "openjdk",
    "debian",
    "ubuntu",
];
/// The vendors of Java, whose versions before 9 begin with `1.`.
const JAVA: [&str; 7] = [
    "eclipse-temurin",
    "amazon-corretto",
    "azul-zulu",
    "microsoft-build-of-openjdk",
    "oracle-jdk",
    "red-hat-build-of-openjdk",
    "openjdk-builds-from-oracle",
];

pub fn is_java(product: &str) -> bool {
    JAVA.contains(&product)
}

/// Returns whether a word of the version is this name, in any case.
pub fn names(version: &str, codename: &str) -> bool {
    let mut words = version.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| word.eq_ignore_ascii_case(codename))
}

/// Returns the numbers of the least version that a version or a range allows; none if there is no least one.
pub fn least(version: &str) -> Option<Vec<u32>> {
    let alternatives = version.split("||").map(least_of_one);
    alternatives.collect::<Option<Vec<_>>>()?.into_iter().min()
}

/// Returns the least version of a range without alternatives.
fn least_of_one(range: &str) -> Option<Vec<u32>> {
    let mut parts = range
        .split([' ', ',', '\t'])
        .filter(|part| !part.is_empty());
    while let Some(part) = parts.next() {
        let part = part.trim_start_matches(['[', '(']);
        let operand = part.trim_start_matches(['<', '>', '=', '!', '~', '^']);
        let operator = &part[..part.len() - operand.len()];
        // An operator may stand apart from its version.
        let operand = match operand {
            "" if !operator.is_empty() => parts.next()?,
            operand => operand,
        };
        if operator.starts_with(['<', '!']) {
            continue;
        }
        return number(operand);
    }
    None
}

/// Returns the numbers at the beginning of a version: 8, 12 of `v8.12-slim`. None if there are none.
pub fn number(version: &str) -> Option<Vec<u32>> {
    let start = version.find(|c: char| c.is_ascii_digit())?;
    let prefix = version[..start].trim_end_matches('-');
    let is_known = |known: &str| prefix.eq_ignore_ascii_case(known);
    if !prefix.is_empty() && !PREFIXES.iter().any(|known| is_known(known)) {
        return None;
    }
    let mut numbers = Vec::new();
    for part in version[start..].split('.') {
        let end = part
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(part.len());
        if end == 0 {
            break;
        }
        numbers.push(part[..end].parse().ok()?);
        if end < part.len() {
            break;
        }
    }
    (!numbers.is_empty()).then_some(numbers)
}
