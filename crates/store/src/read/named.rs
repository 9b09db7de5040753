//! Whether anything names a text that lies beside the store.

use rusqlite::Connection;

use crate::{Error, beside::BESIDE};

/// Kinds are few, and each costs one step of the index.
const NAMED: &str = "
with recursive kinds (kind) as (
    select min(kind) from document_keys
    union all
    select (select min(k.kind) from document_keys k where k.kind > kinds.kind)
    from kinds where kinds.kind is not null)
select 1 from kinds cross join document_keys k
where k.kind = kinds.kind and k.key = ?1 and k.value = ?2";

/// Whether any document names the text of that digest: also one that cannot be read now, since it may be mended.
pub(crate) fn is_named(connection: &Connection, digest: &str) -> Result<bool, Error> {
    Ok(connection.prepare_cached(NAMED)?.exists([BESIDE, digest])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::tests::empty;

    #[test]
    fn it_follows_an_index() {
        let connection = empty();
        let mut statement = connection.prepare(&format!("explain query plan {NAMED}")).unwrap();
        let rows = statement.query_map(["beside", "d"], |row| row.get::<_, String>(3)).unwrap();
        let plan = rows.map(Result::unwrap).collect::<Vec<_>>().join("\n");
        let scans: Vec<&str> = plan.lines().filter(|line| line.starts_with("SCAN")).collect();
        assert_eq!(scans, ["SCAN kinds", "SCAN kinds"], "{plan}");
    }
}
