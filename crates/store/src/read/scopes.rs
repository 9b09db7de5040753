//! Which scopes have documents of a kind.

use rusqlite::{
    Connection,
    types::{ToSqlOutput, ValueRef},
};

use super::text;
use crate::{Error, stats::Counters};

const NEXT_SCOPE: &str =
    "select scope, id from documents where kind = ?1 and scope > ?2 order by scope limit 1";

/// All scopes that have documents of the kind: one step of an index for each. One whose name is no text any more is
/// noted and left out.
pub(crate) fn scopes(connection: &Connection, counters: &Counters, kind: &str) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare_cached(NEXT_SCOPE)?;
    let (mut found, mut last) = (Vec::new(), Vec::new());
    loop {
        // The next one comes after these bytes, whether they are text or not.
        let mut rows = statement.query((kind, ToSqlOutput::Borrowed(ValueRef::Text(&last))))?;
        let Some(row) = rows.next()? else { return Ok(found) };
        let next = row.get_ref(0)?;
        match next.as_str() {
            Ok(scope) => found.push(scope.to_owned()),
            Err(_) => counters.unread(&poisoned(kind, text(row, 0), text(row, 1))),
        }
        // What is no text at all comes after all texts.
        let ValueRef::Text(bytes) = next else { return Ok(found) };
        let bytes = bytes.to_vec();
        drop(rows);
        last = bytes;
    }
}

fn poisoned(kind: &str, scope: String, id: String) -> Error {
    let reason = "its name is not what was written".to_owned();
    Error::Poisoned { kind: kind.to_owned(), scope, id, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::tests::empty;

    #[test]
    fn it_follows_an_index() {
        let connection = empty();
        let mut statement = connection.prepare(&format!("explain query plan {NEXT_SCOPE}")).unwrap();
        let rows = statement.query_map(["thing", "s"], |row| row.get::<_, String>(3)).unwrap();
        let plan = rows.map(Result::unwrap).collect::<Vec<_>>().join("\n");
        assert!(plan.contains("INDEX") && !plan.contains("SCAN") && !plan.contains("B-TREE"), "{plan}");
    }
}
