//! Text of a document in Markdown and in lines.

/// A text on one line.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value as inline code of Markdown, whatever backticks it has.
pub fn code(value: &str) -> String {
    let value = one_line(value);
    if value.contains('`') {
        let longest = value.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest + 1);
        format!("{fence} {value} {fence}")
    } else {
        format!("`{value}`")
    }
}

/// A text in lines of up to `width` characters, broken at spaces. `first` stands before the first line, and `margin` before each
/// other one, which starts with no word that `starts_line` excludes.
pub fn wrapped(
    text: &str,
    width: usize,
    [first, margin]: [&str; 2],
    starts_line: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    for (index, word) in text.split(' ').enumerate() {
        let longer = line.chars().count() + 1 + word.chars().count();
        if index > 0 && longer > width && starts_line(word) {
            lines.push(std::mem::replace(&mut line, margin.to_owned()));
        } else if index > 0 {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::{code, wrapped};

    #[test]
    fn a_name_with_quotes_in_it_stays_one_piece_of_code() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("a``b"), "``` a``b ```");
    }

    #[test]
    fn a_word_that_starts_no_line_stays_in_its_line() {
        let lines = wrapped("one two - three", 7, ["- ", "  "], |word| word != "-");
        assert_eq!(lines, ["- one", "  two -", "  three"]);
    }
}
