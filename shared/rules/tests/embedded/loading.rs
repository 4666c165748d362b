//! What is taken as a ruleset and what is not.

use super::*;

/// Why a rule with this expression is refused; the sentence names file and rule.
fn refused(expression: &str) -> String {
    let sentence = match loaded(&ruleset_of(expression)) {
        Ok(_) => panic!("taken: {expression}"),
        Err(error) => error.to_string(),
    };
    assert!(sentence.starts_with("own.yaml: rule r: "), "{sentence}");
    sentence
}

/// Why a ruleset with one piece replaced is refused.
fn refused_with(from: &str, to: &str) -> String {
    let text = ruleset_of("true");
    assert!(text.contains(from), "{text}");
    let sentence = loaded(&text.replace(from, to)).unwrap_err().to_string();
    assert!(sentence.starts_with("own.yaml: "), "{sentence}");
    sentence
}

#[test]
fn an_expression_that_cannot_be_parsed_is_refused() {
    for expression in
        ["workflow.", "1 +", "(true", "\"open", "a ? b ((?))", "transition.metadata.?a", "has(1)", "§", ""]
    {
        refused(expression);
    }
}

#[test]
fn an_unknown_name_or_member_is_refused() {
    for (expression, name) in [
        ("workflw.version == 1", "workflw"),
        ("creator == actor.id", "creator"),
        ("workflow.creator == actor.id", "creator"),
        ("has(workflow.creator)", "creator"),
        ("workflow[\"creator\"] == actor.id", "creator"),
        ("transition.failure.cod == \"x\"", "cod"),
        ("transition.label.sample == \"x\"", "label"),
        ("transition.labels.Sample == \"x\"", "no label is called `Sample`"),
        ("has(workflow.labels.Sample)", "no label is called `Sample`"),
        ("workflow.labels[\"sample number\"] == \"x\"", "no label is called `sample number`"),
        ("\"Sample\" in workflow.labels", "no label is called `Sample`"),
        ("actor.name == \"x\"", "name"),
        ("[1].all(x, x == y)", "y"),
        ("[1].all(x, x == 1) && x == 1", "x"),
        ("[1].all(x, workflow.creator == x)", "creator"),
        ("google.protobuf.Timestamp == type(now)", "google"),
        ("Point{x: 1} == null", "Point"),
        ("@step()", "@"),
    ] {
        assert!(refused(expression).contains(name), "{expression}");
    }
}

#[test]
fn an_unknown_function_or_a_wrong_use_of_a_known_one_is_refused() {
    for expression in [
        "length(actor.id) > 1",
        "actor.id.lowerAscii() == \"x\"",
        "startsWith(actor.id, \"x\")",
        "actor.id.startsWith(\"x\", 1)",
        "size() == 0",
        "actor.roles.startsWith(\"x\")",
        "now.size() == 1",
        "actor.id.getHours() == 1",
        "workflow.type() == string",
        "[1].map(x) == [1]",
        "optional.of(1).hasValue()",
    ] {
        refused(expression);
    }
}

#[test]
fn an_expression_that_gives_no_boolean_is_refused() {
    for expression in [
        "1",
        "\"true\"",
        "null",
        "actor.id",
        "workflow",
        "transition.metadata",
        "now",
        "[true]",
        "{\"a\": true}",
        "workflow.version + 1",
        "size(actor.roles)",
        "type(true)",
        "true ? actor.id : transition.metadata.x",
        "actor.roles.map(x, x == \"a\")",
        "transition.labels.a",
        "transition.labels",
        "transition.due_at",
        // These fail on a workflow without metadata, so that trying them tells nothing.
        "size(transition.metadata.results)",
        "transition.metadata.urgent ? 1 : 2",
        "transition.metadata.urgent ? transition.metadata.name : \"\"",
        "transition.metadata.results.map(x, x > 1)",
        // The kind of these is not known before they are tried.
        "dyn(1)",
        "[1, 2][0]",
        "{\"a\": 1}.a",
        // Only a workflow that has one shows its kind.
        "transition.due_at != null ? dyn(transition.due_at) : true",
        "dyn(transition.labels[\"label\"])",
    ] {
        let sentence = refused(expression);
        assert!(sentence.contains("true or false"), "{sentence}");
    }
}

#[test]
fn values_that_never_go_together_are_refused() {
    for expression in [
        "workflow.version == \"3\"",
        "transition.labels.n == 3",
        "transition.labels[\"n\"] > 3",
        "transition.labels.n.x == \"a\"",
        "transition.due_at == \"2026-01-01\"",
        "transition.assignee in workflow.created_by",
        "has(transition.due_at)",
        "has(workflow.assignee)",
        "transition.kind == 1",
        "workflow.created_at < \"2026-01-01\"",
        "actor.id in workflow.created_by",
        "workflow.version && true",
        "!actor.id",
        "actor.id ? true : false",
        "now + 1 > now",
        "now - now == now",
        "actor.id.x == 1",
        "now.year == 2026",
        "actor.id.all(x, x)",
        "actor.id[0] == \"a\"",
        "workflow[context.name] == 1",
        "has(transition.failure)",
        "[1].all(workflow, true)",
    ] {
        refused(expression);
    }
}

#[test]
fn a_constant_that_always_fails_is_refused() {
    for expression in [
        "timestamp(\"yesterday\") < now",
        "duration(\"2 days\") < now - workflow.created_at",
        "actor.id.matches(\"(\")",
        "matches(actor.id, \"[\")",
        "workflow.version == 1 / 0",
        "int(\"x\") == 1",
    ] {
        assert!(refused(expression).contains("constant"), "{expression}");
    }
}

#[test]
fn long_and_deep_expressions_are_refused_before_they_hurt() {
    let chain = |link: &str, links: usize| format!("transition.metadata.a{} == 1", link.repeat(links));
    for expression in [
        chain(".b", 900),
        chain("[0]", 600),
        chain(".f()", 400),
        chain("+1", 900),
        format!("{}true{}", "(".repeat(900), ")".repeat(900)),
        format!("{}true{}", "!(".repeat(600), ")".repeat(600)),
        format!("{}true", "true ? true : ".repeat(120)),
        format!("{}1{} == 1", "[".repeat(100), "]".repeat(100)),
        "[".repeat(2000),
        format!("{}true{}", "[1].all(x, ".repeat(100), ")".repeat(100)),
        format!("true {}", "|| true ".repeat(400)),
    ] {
        refused(&expression);
    }
    // 20 levels of brackets are the limit, the whole expression being the first.
    let nested = |levels: usize| format!("{}true{}", "(".repeat(levels), " ? true : false)".repeat(levels));
    assert!(loaded(&ruleset_of(&nested(19))).is_ok());
    assert!(refused(&nested(20)).contains("20 levels"));
    assert!(loaded(&ruleset_of(&chain(".b", 16))).is_ok());
    assert!(refused(&chain(".b", 17)).contains("20 levels"));
    // A long flat one is no problem: the parser balances it.
    assert!(loaded(&ruleset_of(&format!("true {}", "&& true ".repeat(200)))).is_ok());
}

#[test]
fn each_part_of_a_ruleset_is_checked() {
    for (from, to, part) in [
        ("ruleset: own", "ruleset: lifecycle-only", "lifecycle-only"),
        ("ruleset: own", "ruleset: Own Rules", "ruleset"),
        ("ruleset: own", "ruleset: own\ncolour: red", "colour"),
        ("version: \"7\"", "version: \"\"", "version"),
        ("version: \"7\"\n", "", "version"),
        ("[test-run]", "[]", "workflow type"),
        ("[test-run]", "[Test Run]", "allowed: a-z 0-9 -"),
        ("[test-run]", "[test-run, test-run]", "test-run"),
        ("id: r", "id: R 1", "id"),
        ("message: Do it.", "message: \" \"", "message"),
        ("message: Do it.", "mesage: Do it.", "mesage"),
        ("from: ACTIVE, to: COMPLETED", "from: CREATED, to: COMPLETED", "no move from CREATED to COMPLETED"),
        ("from: ACTIVE, to: COMPLETED", "from: NOTHING, to: ACTIVE", "no move from NOTHING to ACTIVE"),
        ("from: ACTIVE, to: COMPLETED", "from: ACTIVE, to: CREATED", "no move from ACTIVE to CREATED"),
        ("from: ACTIVE, to: COMPLETED", "from: active, to: COMPLETED", "NOTHING"),
        ("from: ACTIVE, to: COMPLETED", "from: ACTIVE", "rule r: applies_to: a move needs `to`"),
        ("from: ACTIVE, to: COMPLETED", "amendment: false", "rule r: applies_to: `amendment: false` means nothing"),
        ("from: ACTIVE, to: COMPLETED", "amendment: false, to: COMPLETED", "`amendment: false` means nothing"),
        ("from: ACTIVE, to: COMPLETED", "amendment: true, to: COMPLETED", "write two entries"),
        ("from: ACTIVE, to: COMPLETED", "amendment: true, from: ACTIVE", "write two entries"),
        ("{ from: ACTIVE, to: COMPLETED }", "{}", "an entry needs `to`, `amendment: true` or `signature: true`"),
        ("from: ACTIVE, to: COMPLETED", "amendment: ", "an entry needs `to`, `amendment: true` or `signature: true`"),
        ("from: ACTIVE, to: COMPLETED", "amendment: often", "amendment"),
        ("from: ACTIVE, to: COMPLETED", "amendments: true", "amendments"),
        ("from: ACTIVE, to: COMPLETED", "from: ACTIVE, to: ACTIVE", "write `amendment: true`"),
        ("      - { from: ACTIVE, to: COMPLETED }", "      []", "applies_to"),
    ] {
        let sentence = refused_with(from, to);
        assert!(sentence.contains(part), "{sentence}");
    }
    let text = ruleset_of("true");
    let rule = text.split_once("rules:\n").unwrap().1;
    let twice = loaded(&format!("{text}{rule}")).unwrap_err().to_string();
    assert!(twice.starts_with("own.yaml: rule r: ") && twice.contains("same id"), "{twice}");
    let many: String = (0..101).map(|n| rule.replace("id: r", &format!("id: r{n}"))).collect();
    let many = text.replace(rule, &many);
    assert!(loaded(&many).unwrap_err().to_string().contains("101 rules"));
    let long = format!("{text}# {}\n", "x".repeat(300_000));
    assert!(loaded(&long).unwrap_err().to_string().contains("bytes"));
}

#[test]
fn two_files_may_not_name_the_same_ruleset_or_type() {
    let one = ruleset_of("true");
    let file = |name: &str, text: String| (name.to_owned(), text);
    let both = |two: String| {
        EmbeddedRules::from_documents([file("one.yaml", one.clone()), file("two.yaml", two)]).map_err(|e| e.to_string())
    };
    let sentence = both(one.replace("ruleset: own", "ruleset: other")).unwrap_err();
    assert!(sentence.starts_with("two.yaml: ") && sentence.contains("one.yaml"), "{sentence}");
    let sentence = both(one.replace("[test-run]", "[other]")).unwrap_err();
    assert!(sentence.starts_with("two.yaml: ") && sentence.contains("one.yaml"), "{sentence}");
    assert!(both(one.replace("ruleset: own", "ruleset: other").replace("[test-run]", "[other]")).is_ok());
}

#[test]
fn a_folder_is_read_whole_and_an_empty_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let missing = EmbeddedRules::load(&dir.path().join("nowhere")).unwrap_err();
    assert!(matches!(missing, RulesInvalid::Unreadable { .. }), "{missing}");
    std::fs::write(dir.path().join("own.txt"), ruleset_of("false")).unwrap();
    assert!(matches!(EmbeddedRules::load(dir.path()), Err(RulesInvalid::NoRulesets)));
    std::fs::write(dir.path().join("own.yaml"), ruleset_of("false")).unwrap();
    let other = ruleset_of("false").replace("ruleset: own", "ruleset: other").replace("[test-run]", "[other]");
    std::fs::write(dir.path().join("other.yml"), other).unwrap();
    let rules = EmbeddedRules::load(dir.path()).unwrap();
    assert_eq!(Case::of(Some(Active), Completed).unmet_by(&rules), ["r"]);
    assert_eq!(Case::of(Some(Active), Completed).of_type("other").unmet_by(&rules), ["r"]);
    std::fs::write(dir.path().join("broken.yaml"), ruleset_of("fals")).unwrap();
    let sentence = EmbeddedRules::load(dir.path()).unwrap_err().to_string();
    assert!(sentence.starts_with("broken.yaml: rule r: "), "{sentence}");
}

/// Loading tries a rule on amendments in each state: what is found in one of them only is found.
#[test]
fn a_rule_is_tried_on_amendments_in_every_state() {
    for state in State::ALL {
        let expression = format!("workflow.current_state == \"{state}\" ? dyn(1) : true");
        let text = ruleset_of(&expression).replace("from: ACTIVE, to: COMPLETED", "amendment: true");
        let sentence = loaded(&text).unwrap_err().to_string();
        assert!(sentence.contains("true or false"), "{state}: {sentence}");
    }
}
