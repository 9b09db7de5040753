//! Event patterns: a file of its own, or of a rule in a template.

use serde_json::{Value, json};

use crate::{
    events,
    pattern::Pattern,
    source::{Content, Diagnostic, Node, Pointer},
    template::Resource,
};

/// Looks at the text of a pattern: whether it is one, and whether it can match anything that is known.
pub fn lint(text: &str) -> Vec<Diagnostic> {
    match Pattern::parse(text) {
        Err(refused) => refused.diagnostics(),
        Ok(pattern) => {
            let root = crate::source::read_json(text.as_bytes()).ok();
            let located = |found: Diagnostic| match &root {
                Some(root) => found.located_in(root),
                None => found,
            };
            events::judge(&pattern).into_iter().map(located).collect()
        }
    }
}

/// What is wrong with the pattern of a rule. What a function will put into it counts as any value.
pub(super) fn of_rule(rule: &Resource) -> Option<Vec<Diagnostic>> {
    let pattern = rule.properties.get("EventPattern").filter(|_| rule.kind == "AWS::Events::Rule")?;
    let pointer = rule.cursor().pointer.key("EventPattern");
    let placed = |found: Diagnostic| {
        let below = found.pointer.steps().fold(Pointer::root(), |at, step| at.key(&step));
        let position = pattern.locate(&below);
        found.pointing(format!("{pointer}{below}").as_str().into()).at(position)
    };
    let found = match Pattern::parse(&known(pattern).to_string()) {
        Err(refused) => refused.diagnostics(),
        Ok(pattern) => events::judge(&pattern),
    };
    Some(found.into_iter().map(placed).collect())
}

fn known(node: &Node) -> Value {
    match &node.content {
        Content::Map(entries) => {
            let members = entries.iter().map(|entry| (entry.key.clone(), known(&entry.value)));
            members.collect::<serde_json::Map<_, _>>().into()
        }
        Content::List(items) => {
            let item = |item: &Node| if is_function(item) { json!({"exists": true}) } else { known(item) };
            items.iter().map(item).collect()
        }
        _ if is_function(node) => json!("?"),
        _ => node.to_json(),
    }
}

fn is_function(node: &Node) -> bool {
    let named = |key: &str| key == "Ref" || key.starts_with("Fn::");
    node.tag.is_some() || node.entries().iter().any(|entry| named(&entry.key))
}

#[cfg(test)]
mod tests {
    use super::super::lint as lint_file;

    #[test]
    fn rules_of_a_template_are_judged() {
        let template = r#"
Resources:
  Images:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        source: [aws.ecr]
        detail-type: [ECR Image Action]
        detail:
          scan-status: [SUCCESS]
          repository-name: [!Sub "mlops-${AWS::Region}"]
  Registry:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        source: [aws.sagemaker]
        detail-type: [SageMaker Model Package State Change]
        detail:
          ModelPackageGroupName: [!Ref AWS::StackName]
"#;
        let seen = lint_file("template.yaml", template.as_bytes(), &|_| Err("no file".to_owned()));
        let shown: Vec<_> = seen[0].found.iter().map(ToString::to_string).collect();
        let says =
            |line: &str, words: &str| shown.iter().any(|one| one.contains(line) && one.contains(words));
        assert!(
            says("10:", "this pattern can never match: \"ECR Image Action\" has no `detail.scan-status`"),
            "{shown:?}"
        );
        assert!(says("19:", "also matches when ModelApprovalStatus is Rejected"), "{shown:?}");
        assert!(shown.iter().all(|one| !one.contains("repository-name` of")), "{shown:?}");
    }
}
