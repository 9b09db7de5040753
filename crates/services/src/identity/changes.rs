//! What of a role can be changed in its place.

use trainyard_domain::AccountId;

use super::{Error, Identity, Role, policies, roles};
use crate::violations::Violations;

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html>
const LONGEST_DESCRIPTION: usize = 1000;

impl Identity {
    /// Has others assume the role from now on.
    pub async fn update_trust_policy(
        &self,
        account: &AccountId,
        role: &str,
        document: String,
    ) -> Result<(), Error> {
        policies::check_document(&document)?;
        let held = self.held_role(account, role).await?;
        self.change(held, |role| role.trust_policy = document).await
    }

    /// Changes what is given, and leaves the rest as it is. Returns the role as it is then.
    pub async fn update_role(
        &self,
        account: &AccountId,
        role: &str,
        (description, max_session_seconds): (Option<String>, Option<u32>),
    ) -> Result<Role, Error> {
        check_description(description.as_deref())?;
        max_session_seconds.map_or(Ok(()), roles::check_session_seconds)?;
        let held = self.held_role(account, role).await?;
        let mut changed = held.value.clone();
        changed.description = description.or(changed.description);
        changed.max_session_seconds = max_session_seconds.unwrap_or(changed.max_session_seconds);
        self.change(held, |role| role.clone_from(&changed)).await?;
        Ok(changed)
    }
}

pub(super) fn check_description(description: Option<&str>) -> Result<(), Error> {
    let Some(text) = description else { return Ok(()) };
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    let mut violations = Violations::default();
    violations.length((text, "description"), 0, LONGEST_DESCRIPTION);
    let pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*";
    violations.pattern(text.chars().all(legal), (text, "description"), pattern);
    violations.finish().map_err(Error::Invalid)
}
