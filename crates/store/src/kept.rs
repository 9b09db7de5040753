//! Documents as they are kept, before it is known what nouns they are.
//!
//! What is asked of the readers is asked here, once for all nouns: for each question the runtime has code of its own, of
//! which there would be as much again for each noun.

use std::{pin::Pin, sync::Arc};

use crate::{
    Error, Folders, Held, List, Noun, Page, Range, Store, beside,
    read::{self, Kept},
};

/// What the store must know of a noun to find it.
#[derive(Clone, Copy)]
pub(crate) struct Class {
    kind: &'static str,
    spills: bool,
}

impl Class {
    pub(crate) fn of<T: Noun>() -> Self {
        Self { kind: T::KIND, spills: T::SPILLS }
    }

    fn is_torn(self, kept: &Held<Kept>) -> bool {
        self.spills && beside::is_torn(&kept.value.body)
    }
}

impl Store {
    pub(crate) async fn kept(
        &self,
        class: Class,
        scope: &str,
        id: &str,
    ) -> Result<Option<Held<Kept>>, Error> {
        let (scope, id) = (scope.to_owned(), id.to_owned());
        let kept =
            self.readers().look_up(move |connection| read::get(connection, class.kind, &scope, &id)).await?;
        match kept {
            Some(kept) if class.is_torn(&kept) => self.restored(class.kind, kept, true).await.map(Some),
            kept => Ok(kept),
        }
    }

    pub(crate) async fn all_kept(
        &self,
        class: Class,
        scope_and_ids: Vec<(String, String)>,
    ) -> Result<Vec<Result<Option<Held<Kept>>, Error>>, Error> {
        let question = move |connection: &_| {
            // One that is damaged is nothing that the others suffer from.
            let one = |(scope, id): &(String, String)| match read::get(connection, class.kind, scope, id) {
                Err(error) if !matches!(error, Error::Poisoned { .. }) => Err(error),
                kept => Ok(kept),
            };
            scope_and_ids.iter().map(one).collect::<Result<Vec<_>, Error>>()
        };
        let found = self.readers().ask(question).await?;
        let mut all = Vec::with_capacity(found.len());
        for kept in found {
            all.push(match kept {
                Ok(Some(kept)) if class.is_torn(&kept) => {
                    self.restored(class.kind, kept, true).await.map(Some)
                }
                kept => kept.inspect_err(|error| self.counters().unread(error)),
            });
        }
        Ok(all)
    }

    /// One page. What is known to be unreadable is left out.
    pub(crate) async fn page_kept(&self, class: Class, list: List) -> Result<Page<Kept>, Error> {
        let (texts, counters) = (list.texts, Arc::clone(self.counters()));
        let question = move |connection: &_| read::list(connection, &counters, class.kind, &list);
        let Page { items, next } = self.readers().ask(question).await?;
        let mut readable = Vec::with_capacity(items.len());
        for kept in items {
            readable.push(match class.is_torn(&kept) {
                false => kept,
                true => match self.restored(class.kind, kept, texts).await {
                    Err(Error::Poisoned { .. }) => continue,
                    restored => restored?,
                },
            });
        }
        Ok(Page { items: readable, next })
    }

    pub(crate) async fn folders_kept(
        &self,
        kind: &'static str,
        list: List,
        (prefix, delimiter): (&str, &str),
    ) -> Result<Folders<Kept>, Error> {
        let (prefix, delimiter) = (prefix.to_owned(), delimiter.to_owned());
        let counters = Arc::clone(self.counters());
        let question =
            move |connection: &_| read::folders(connection, &counters, kind, list, (&prefix, &delimiter));
        self.readers().ask(question).await
    }

    pub(crate) async fn any_kept(&self, kind: &'static str, list: List) -> Result<bool, Error> {
        self.readers().ask(move |connection| read::any(connection, kind, &list)).await
    }

    pub(crate) async fn count_kept(
        &self,
        kind: &'static str,
        (scope, key): (&str, &'static str),
        range: Range,
    ) -> Result<u64, Error> {
        let scope = scope.to_owned();
        self.readers().ask(move |connection| read::count(connection, kind, (&scope, key), &range)).await
    }

    pub(crate) async fn weigh_kept(&self, kind: &'static str, scope: &str) -> Result<(u64, u64), Error> {
        let scope = scope.to_owned();
        self.readers().ask(move |connection| read::weigh(connection, kind, &scope)).await
    }

    pub(crate) async fn scopes_kept(&self, kind: &'static str) -> Result<Vec<String>, Error> {
        let counters = Arc::clone(self.counters());
        self.readers().ask(move |connection| read::scopes(connection, &counters, kind)).await
    }

    /// The document with its texts, or with empty ones in the places of those that lie beside the store. Damage is noted.
    /// It is on the heap, here and where else texts are brought or taken away: all that reads or commits would be as
    /// large as the few that have such texts.
    fn restored(
        &self,
        kind: &'static str,
        mut kept: Held<Kept>,
        texts: bool,
    ) -> Pin<Box<dyn Future<Output = Result<Held<Kept>, Error>> + Send + '_>> {
        Box::pin(async move {
            let Kept { scope, id, body, .. } = &mut kept.value;
            *body = match texts {
                true => self.whole((kind, scope, id), std::mem::take(body)).await?,
                false => beside::without(body).unwrap_or_default(),
            };
            Ok(kept)
        })
    }
}
