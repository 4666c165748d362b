//! The log in use: the stack's own table, or a restored one that a parameter names. The sources of the template only know
//! `LogTable`; this module writes the choice wherever they mention it, so that no mention is forgotten.

/// What a source writes, and what the template says instead.
const CHOICES: [(&str, &str); 4] = [
    (
        "!GetAtt LogTable.StreamArn",
        "!If [LogIsRestored, !Sub \"arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${RestoredLogTable}/stream/${RestoredLogStreamLabel}\", !GetAtt LogTable.StreamArn]",
    ),
    (
        "!GetAtt LogTable.ByDayArn",
        "!If [LogIsRestored, !Sub \"arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${RestoredLogTable}/index/by-day\", !Sub \"${LogTable.Arn}/index/by-day\"]",
    ),
    (
        "!GetAtt LogTable.Arn",
        "!If [LogIsRestored, !Sub \"arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${RestoredLogTable}\", !GetAtt LogTable.Arn]",
    ),
    ("!Ref LogTable", "!If [LogIsRestored, !Ref RestoredLogTable, !Ref LogTable]"),
];

/// The template, with the choice.
///
/// # Errors
/// When it mentions the table in a way in which the choice cannot be written.
pub(crate) fn chosen(template: &str) -> anyhow::Result<String> {
    for other in ["${LogTable}", "${LogTable.", "[LogTable,", "Fn::GetAtt: LogTable"] {
        anyhow::ensure!(
            !template.contains(other),
            "`{other}` names the stack's own log table even where a restored one is in use: use !Ref or !GetAtt LogTable"
        );
    }
    Ok(CHOICES.iter().fold(template.to_owned(), |text, (source, choice)| replace_words(&text, source, choice)))
}

/// Replaces a text where no longer name begins with it.
fn replace_words(text: &str, source: &str, choice: &str) -> String {
    let mut parts = text.split(source);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = !part.starts_with(|next: char| next.is_ascii_alphanumeric());
        replaced.push_str(if ends { choice } else { source });
        replaced.push_str(part);
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn every_mention_of_the_log_table_becomes_the_choice_and_longer_names_stay() {
        let written = chosen("a: !Ref LogTable\nb: { c: !GetAtt LogTable.Arn }\nd: !Ref LogTableClass\n").unwrap();
        assert_eq!(written.matches("LogIsRestored").count(), 2, "{written}");
        assert!(written.contains("a: !If [LogIsRestored, !Ref RestoredLogTable, !Ref LogTable]\n"), "{written}");
        assert!(written.ends_with("d: !Ref LogTableClass\n"), "{written}");
    }

    #[test]
    fn a_mention_that_cannot_become_the_choice_is_refused() {
        for mention in ["!Sub \"${LogTable}/x\"", "!Sub ${LogTable.Arn}/x", "Fn::GetAtt: [LogTable, Arn]"] {
            assert!(chosen(mention).is_err(), "{mention}");
        }
    }
}
