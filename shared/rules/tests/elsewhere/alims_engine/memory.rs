//! The rules and facts of the engine, and its answers. A restart loses all of them.

use axum::http::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::python;

/// Facts that its working memory holds.
pub(crate) const WORKING_MEMORY_MAX: usize = 10_000;

const OPERATORS: [&str; 6] = ["EQUALS", "NOT_EQUALS", "LESS_THAN", "GREATER_THAN", "CONTAINS", "IN_SET"];
const FACT_TYPES: [&str; 5] = ["SAMPLE_DATA", "TEST_RESULT", "QC_METRIC", "WORKFLOW_STATE", "USER_INPUT"];

/// A status and a body.
pub(super) type Answer = (u16, Value);

#[derive(Default)]
pub(super) struct Memory {
    pub(super) rules: Vec<Value>,
    pub(super) facts: BTreeMap<String, Value>,
}

impl Memory {
    /// One call at a time: the engine has one thread.
    pub(super) fn answer(&mut self, method: &Method, path: &str, body: &Value) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (method, &parts[..]) {
            (&Method::GET, ["rules"]) => self.rules(query.strip_prefix("state=")),
            (&Method::GET, ["rules", id]) => {
                self.rule(id).map_or_else(|| absent("Rule", id), |rule| (200, rule.clone()))
            }
            (&Method::POST, ["rules"]) => self.create(body),
            (&Method::POST, ["rules", id, "activate"]) => self.activate(id),
            (&Method::POST, ["rules", id, "deactivate"]) => self.deactivate(id),
            (&Method::GET, ["facts", id]) => {
                self.facts.get(*id).map_or_else(|| absent("Fact", id), |fact| (200, fact.clone()))
            }
            (&Method::POST, ["facts"]) => self.take(body),
            (&Method::DELETE, ["facts", id]) => match self.facts.remove(*id) {
                Some(_) => (200, json!({"fact_id": id, "removed": true})),
                None => refused(format!("Fact {id} does not exist")),
            },
            (&Method::POST, ["evaluate"]) => self.evaluate(body),
            _ => (404, json!({"detail": "Not Found"})),
        }
    }

    fn rules(&self, state: Option<&str>) -> Answer {
        let listed = self.rules.iter().filter(|rule| state.is_none_or(|state| rule["state"] == state));
        (200, listed.cloned().collect())
    }

    fn rule(&self, id: &str) -> Option<&Value> {
        self.rules.iter().find(|rule| rule["id"] == id)
    }

    fn rule_to_change(&mut self, id: &str) -> Result<&mut Value, Answer> {
        let found = self.rules.iter_mut().find(|rule| rule["id"] == id);
        found.ok_or_else(|| refused(format!("Rule {id} does not exist")))
    }

    fn create(&mut self, asked: &Value) -> Answer {
        let conditions = asked["conditions"].as_array().cloned().unwrap_or_default();
        for condition in &conditions {
            if !condition.as_object().is_some_and(|members| members.values().all(Value::is_string)) {
                return (422, json!({"detail": []}));
            }
            match condition["operator"].as_str() {
                Some(operator) if OPERATORS.contains(&operator) => {}
                Some(operator) => return refused(format!("'{operator}' is not a valid ConditionOperator")),
                None => return (500, json!({"detail": "Internal server error"})),
            }
        }
        let id = asked["id"].as_str().unwrap();
        if self.rule(id).is_some() {
            return refused(format!("Rule {id} already exists"));
        }
        let created = "2026-11-28T11:02:00.000000";
        self.rules.push(json!({
            "id": id, "name": asked["name"], "conditions": conditions, "actions": [], "priority": 1, "state": "DRAFT",
            "dependencies": [], "created_at": created, "updated_at": created
        }));
        (200, self.rules.last().unwrap().clone())
    }

    fn activate(&mut self, id: &str) -> Answer {
        let rule = match self.rule_to_change(id) {
            Ok(rule) => rule,
            Err(answer) => return answer,
        };
        if rule["state"] != "DRAFT" {
            return refused(format!("Rule {id} is not in DRAFT state"));
        }
        if rule["conditions"] == json!([]) {
            return refused(format!("Rule {id} cannot be activated (missing conditions)"));
        }
        rule["state"] = json!("ACTIVE");
        // A number from here on: the engine keeps no type there.
        rule["updated_at"] = json!(1_795_863_721.25);
        (200, json!({"rule_id": id, "activated": true}))
    }

    fn deactivate(&mut self, id: &str) -> Answer {
        match self.rule_to_change(id) {
            Ok(rule) => {
                rule["state"] = json!("INACTIVE");
                (200, json!({"rule_id": id, "deactivated": true}))
            }
            Err(answer) => answer,
        }
    }

    fn take(&mut self, given: &Value) -> Answer {
        let kind = given["type"].as_str().unwrap_or("USER_INPUT");
        if !FACT_TYPES.contains(&kind) || !given["attributes"].is_object() {
            return (422, json!({"detail": []}));
        }
        let id = given["id"].as_str().unwrap();
        if self.facts.len() >= WORKING_MEMORY_MAX {
            let full = format!("Cannot add fact: maximum capacity {WORKING_MEMORY_MAX} reached");
            return refused(format!("Safety property violation: {full}"));
        }
        if self.facts.contains_key(id) {
            return refused(format!("Fact {id} already exists"));
        }
        if given["attributes"] == json!({}) {
            return refused("1 validation error for Fact".to_owned());
        }
        let confidence = given["confidence"].as_u64().unwrap_or(100);
        let fact = json!({
            "id": id, "type": kind, "attributes": given["attributes"], "timestamp": 1_795_863_721.25,
            "confidence": confidence, "source": given["source"]
        });
        self.facts.insert(id.to_owned(), fact.clone());
        (200, fact)
    }

    fn evaluate(&self, asked: &Value) -> Answer {
        let id = asked["rule_id"].as_str().unwrap();
        let Some(rule) = self.rule(id) else {
            return refused(format!("Rule {id} does not exist"));
        };
        if rule["state"] != "ACTIVE" {
            return refused(format!("Rule {id} is not active"));
        }
        // An id that no fact has is passed over.
        let named = asked["input_facts"].as_array().unwrap();
        let facts: Vec<&Map<String, Value>> =
            named.iter().filter_map(|id| self.facts.get(id.as_str().unwrap())?["attributes"].as_object()).collect();
        let holds = |condition: &Value| facts.iter().any(|attributes| met(condition, attributes));
        let result = rule["conditions"].as_array().unwrap().iter().all(holds);
        let answer = json!({
            "evaluation_id": "sync_1795863721250000", "rule_id": id, "result": result, "state": "COMPLETED",
            "duration": 0.0001, "inference_steps": 0
        });
        (200, answer)
    }
}

fn met(condition: &Value, attributes: &Map<String, Value>) -> bool {
    let of = |name: &str| condition[name].as_str().unwrap();
    let Some(attribute) = attributes.get(of("field")) else {
        return false;
    };
    let (given, wanted) = (python::text(attribute), of("value"));
    let numbers = || Some((python::float(&given)?, python::float(wanted)?));
    match of("operator") {
        "EQUALS" => given == wanted,
        "NOT_EQUALS" => given != wanted,
        "CONTAINS" => given.contains(wanted),
        "GREATER_THAN" => numbers().is_some_and(|(given, wanted)| given > wanted),
        "LESS_THAN" => numbers().is_some_and(|(given, wanted)| given < wanted),
        _ => false,
    }
}

fn absent(what: &str, id: &str) -> Answer {
    (404, json!({"detail": format!("{what} {id} not found")}))
}

fn refused(detail: String) -> Answer {
    (400, json!({"detail": detail}))
}
