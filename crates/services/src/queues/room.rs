//! The verbs on queues themselves.

use std::{collections::BTreeMap, collections::hash_map::Entry, sync::Arc};

use trainyard_domain::{Scope, Timestamp};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, List, Range, WorkItem};

use super::{
    Attributes, Caller, Error, Queue, QueueName, Queues, Settings,
    access::admit,
    desk::{Desk, Open},
    message::Message,
    names,
    sweep::Shelves,
    to_the_end,
};
use crate::{audit, policy::Asker, work::Worker};

/// So many desks are kept when nobody sits at them.
const IDLE_DESKS: usize = 256;
/// A queue has at most so many tags.
const MOST_TAGS: usize = 50;

/// Every attribute that can be asked for and none can be set.
const COUNTS: [&str; 3] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
];

impl Queues {
    /// Makes a queue. One of the same name and with the same attributes is there already: it is that one.
    pub async fn create(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        attributes: &Attributes,
        tags: BTreeMap<String, String>,
    ) -> Result<QueueName, Error> {
        names::check(&name.name)?;
        if !name.is_fifo() && attributes.get("FifoQueue").is_some_and(|truth| truth == "true") {
            return Err(Error::Invalid("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.".to_owned()));
        }
        let new = Settings::new(name.is_fifo());
        if name.is_fifo() && attributes.get("FifoQueue").is_none_or(|truth| truth != "true") {
            return Err(Error::Invalid(
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
                    .to_owned(),
            ));
        }
        let settings = new.with(attributes)?;
        check_tags(&tags)?;
        let scope = name.scope.to_string();
        let mut desks = self.desks.lock().await;
        if let Some(held) = self.ground.store.get::<Queue>(&scope, &name.name).await? {
            return match held.value.settings.differs(&settings, attributes) {
                Some(attribute) => Err(Error::Exists(attribute)),
                None => Ok(name.clone()),
            };
        }
        self.check_dead_letters(name, &settings).await?;
        let now = self.ground.now();
        let id = self.ground.uuid();
        let queue = Queue { name: name.clone(), id, shelf: 0, settings, tags, created: now, modified: now };
        let mut changes = Changes::new();
        changes.put(&queue, Expect::Absent)?;
        self.note(&mut changes, caller, "sqs:CreateQueue", &queue)?;
        self.ground.store.commit(changes).await?;
        desks.insert(name.clone(), Arc::new(Desk::new(queue, 0)));
        Ok(name.clone())
    }

    /// The queue, if it is there and the caller may ask for it.
    pub async fn describe(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        action: &str,
    ) -> Result<Queue, Error> {
        let desk = self.desk(name).await?;
        let open = desk.open.read().await.clone().ok_or(Error::NoQueue)?;
        admit(&open.queue, open.policy.as_ref(), caller, action)?;
        Ok(open.queue.clone())
    }

    /// The attributes of these names (`All` is a name), with the counts of messages as they are now.
    pub async fn attributes(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        asked: &[String],
    ) -> Result<Attributes, Error> {
        let queue = self.describe(caller, name, "sqs:GetQueueAttributes").await?;
        let wanted = |name: &str| asked.iter().any(|asked| asked == name || asked == "All");
        let mut shown: Attributes = queue
            .settings
            .shown()
            .into_iter()
            .chain([
                ("QueueArn", queue.arn().to_string()),
                ("CreatedTimestamp", (queue.created.millis() / 1000).to_string()),
                ("LastModifiedTimestamp", (queue.modified.millis() / 1000).to_string()),
            ])
            .filter(|(name, _)| wanted(name))
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        if COUNTS.iter().any(|name| wanted(name)) {
            for (name, count) in COUNTS.into_iter().zip(self.counts(&queue).await?) {
                if wanted(name) {
                    shown.insert(name.to_owned(), count.to_string());
                }
            }
        }
        match asked.iter().find(|name| !is_attribute(name)) {
            Some(name) => Err(Error::NoAttribute(name.clone())),
            None => Ok(shown),
        }
    }

    /// How many messages are visible, in flight, and delayed.
    pub(super) async fn counts(&self, queue: &Queue) -> Result<[u64; 3], Error> {
        let (store, shelf) = (&self.ground.store, queue.shelf());
        let later = self.ground.now().millis().saturating_add(1);
        let visible = store.count::<Message>(&shelf, "due", Range::numbers(None, Some(later))).await?;
        let [in_flight, delayed] = self.counts_of_hidden(queue).await?;
        Ok([visible, in_flight, delayed])
    }

    /// How many messages are in flight, and delayed: those that are visible, which may be many more, are not counted.
    pub(super) async fn counts_of_hidden(&self, queue: &Queue) -> Result<[u64; 2], Error> {
        let (store, shelf) = (&self.ground.store, queue.shelf());
        let later = self.ground.now().millis().saturating_add(1);
        let hidden = store.count::<Message>(&shelf, "due", Range::numbers(Some(later), None)).await?;
        let delayed = store.count::<Message>(&shelf, "delayed", Range::numbers(Some(later), None)).await?;
        Ok([hidden.saturating_sub(delayed), delayed])
    }

    /// Sets attributes; the others stay.
    pub async fn set_attributes(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        attributes: &Attributes,
    ) -> Result<(), Error> {
        if attributes.is_empty() {
            return Err(Error::Missing("Attribute.Name"));
        }
        let queue = self.describe(caller, name, "sqs:SetQueueAttributes").await?;
        self.check_dead_letters(name, &queue.settings.with(attributes)?).await?;
        self.change(caller, name, "sqs:SetQueueAttributes", |queue, now| {
            queue.settings = queue.settings.clone().with(attributes)?;
            queue.modified = now;
            Ok(())
        })
        .await
    }

    /// Makes the queue be as it is described, whether it is there or not; its policy stays.
    pub async fn ensure(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        attributes: &Attributes,
        tags: BTreeMap<String, String>,
    ) -> Result<(), Error> {
        match self.describe(caller, name, "sqs:SetQueueAttributes").await {
            Err(Error::NoQueue) => return self.create(caller, name, attributes, tags).await.map(drop),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        let settings = Settings::new(name.is_fifo()).with(attributes)?;
        self.check_dead_letters(name, &settings).await?;
        check_tags(&tags)?;
        self.change(caller, name, "sqs:SetQueueAttributes", |queue, now| {
            queue.settings = Settings { policy: queue.settings.policy.clone(), ..settings };
            queue.tags = tags;
            queue.modified = now;
            Ok(())
        })
        .await
    }

    /// Takes all messages away. Those that are received at this very moment may still be handed out.
    ///
    /// AWS lets this be asked once a minute; here it is done when it is answered, so that it can be asked at any time.
    pub async fn purge(&self, caller: &Caller<'_>, name: &QueueName) -> Result<(), Error> {
        self.change(caller, name, "sqs:PurgeQueue", |queue, _| {
            queue.shelf = queue.shelf.wrapping_add(1);
            Ok(())
        })
        .await
    }

    /// Adds tags, or replaces those of the same names.
    pub async fn tag(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        tags: BTreeMap<String, String>,
    ) -> Result<(), Error> {
        self.change(caller, name, "sqs:TagQueue", |queue, _| {
            queue.tags.extend(tags.clone());
            check_tags(&queue.tags)
        })
        .await
    }

    /// Takes tags off.
    pub async fn untag(&self, caller: &Caller<'_>, name: &QueueName, tags: &[String]) -> Result<(), Error> {
        self.change(caller, name, "sqs:UntagQueue", |queue, _| {
            queue.tags.retain(|tag, _| !tags.contains(tag));
            Ok(())
        })
        .await
    }

    /// Removes the queue with all its messages. Its name can be used again at once: that is another queue.
    pub async fn delete(&self, caller: &Caller<'_>, name: &QueueName) -> Result<(), Error> {
        let desk = self.desk(name).await?;
        let mut open = Arc::clone(&desk.open).write_owned().await;
        let old = open.as_ref().ok_or(Error::NoQueue)?;
        admit(&old.queue, old.policy.as_ref(), caller, "sqs:DeleteQueue")?;
        let mut changes = Changes::new();
        changes.delete::<Queue>(&name.scope.to_string(), &name.name, Expect::Any);
        changes.schedule(WorkItem::now(Shelves::TOPIC, old.queue.shelf(), ""));
        changes.schedule(WorkItem::now(Shelves::TOPIC, old.queue.id.clone(), ""));
        self.note(&mut changes, caller, "sqs:DeleteQueue", &old.queue)?;
        let (rooms, name) = (self.clone(), name.clone());
        to_the_end(async move {
            rooms.ground.store.commit(changes).await?;
            *open = None;
            drop(open);
            desk.changed();
            if let Entry::Occupied(mine) = rooms.desks.lock().await.entry(name)
                && Arc::ptr_eq(mine.get(), &desk)
            {
                mine.remove();
            }
            Ok(())
        })
        .await
    }

    /// One page of the scope's queues whose names begin with `prefix`.
    pub async fn list(
        &self,
        scope: &Scope,
        prefix: &str,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<QueueName>, Option<String>), Error> {
        let asked = List::in_scope(scope).within(Range::prefix(prefix)).limit(limit).after(after);
        let page = self.ground.store.list::<Queue>(asked).await?;
        Ok((page.items.into_iter().map(|held| held.value.name).collect(), page.next))
    }

    /// One page of the queues whose dead letters this one takes.
    pub async fn sources(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<QueueName>, Option<String>), Error> {
        let queue = self.describe(caller, name, "sqs:ListDeadLetterSourceQueues").await?;
        let arn = queue.arn().to_string();
        let asked = List::in_scope(&name.scope).equal("dead-letters", &arn).limit(limit).after(after);
        let page = self.ground.store.list::<Queue>(asked).await?;
        Ok((page.items.into_iter().map(|held| held.value.name).collect(), page.next))
    }

    /// The desk of the queue.
    pub(super) async fn desk(&self, name: &QueueName) -> Result<Arc<Desk>, Error> {
        let mut desks = self.desks.lock().await;
        if let Some(desk) = desks.get(name) {
            return Ok(Arc::clone(desk));
        }
        let held = self.ground.store.get::<Queue>(&name.scope.to_string(), &name.name).await?;
        let queue = held.ok_or(Error::NoQueue)?.value;
        let last = List::in_scope(queue.shelf()).descending(true).limit(1);
        let last = self.ground.store.list::<Message>(last).await?.items;
        let desk = Arc::new(Desk::new(queue, last.first().map_or(0, |held| held.value.place)));
        if desks.len() >= IDLE_DESKS {
            desks.retain(|_, desk| Arc::strong_count(desk) > 1);
        }
        desks.insert(name.clone(), Arc::clone(&desk));
        Ok(desk)
    }

    /// Changes the queue's own document, for one caller at a time and with nobody sending.
    pub(super) async fn change(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        action: &str,
        change: impl FnOnce(&mut Queue, Timestamp) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let desk = self.desk(name).await?;
        let mut open = Arc::clone(&desk.open).write_owned().await;
        let old = open.as_ref().ok_or(Error::NoQueue)?;
        admit(&old.queue, old.policy.as_ref(), caller, action)?;
        let mut queue = old.queue.clone();
        change(&mut queue, self.ground.now())?;
        let mut changes = Changes::new();
        changes.put(&queue, Expect::Any)?;
        let cleared = queue.shelf != old.queue.shelf;
        if cleared {
            changes.schedule(WorkItem::now(Shelves::TOPIC, old.queue.shelf(), ""));
        }
        self.note(&mut changes, caller, action, &queue)?;
        let rooms = self.clone();
        to_the_end(async move {
            rooms.ground.store.commit(changes).await?;
            *open = Some(Open::new(queue.clone()));
            drop(open);
            if cleared {
                desk.renew(&queue).await;
            } else {
                desk.changed();
            }
            Ok(())
        })
        .await
    }

    /// Refuses a redrive policy whose queue is not one that takes these dead letters.
    async fn check_dead_letters(&self, name: &QueueName, settings: &Settings) -> Result<(), Error> {
        let Some(redrive) = &settings.redrive else { return Ok(()) };
        let wrong = |why: &str| {
            let text = redrive.text();
            Err(Error::parameter(text, "RedrivePolicy", why))
        };
        let Some(to) = QueueName::of_arn(&redrive.to).filter(|to| to.scope == name.scope) else {
            return wrong("Dead-letter queue must be in the same account and region as the source.");
        };
        if to == *name {
            return wrong("Dead-letter queue must be another queue than the source.");
        }
        let held = self.ground.store.get::<Queue>(&to.scope.to_string(), &to.name).await?;
        let Some(Held { value: target, .. }) = held else {
            return wrong("Dead letter target does not exist.");
        };
        if target.settings.fifo.is_some() != settings.fifo.is_some() {
            return wrong("Dead-letter queue must be same type of queue as the source.");
        }
        let takes = target.settings.redrive_allow.is_none_or(|allow| allow.takes_from(&name.arn()));
        if takes { Ok(()) } else { wrong("Dead-letter queue does not allow this queue as a source.") }
    }

    pub(super) fn note(
        &self,
        changes: &mut Changes,
        caller: &Caller<'_>,
        action: &str,
        queue: &Queue,
    ) -> Result<(), StoreError> {
        match caller.by {
            Asker::Principal(by) => audit::note(changes, &self.ground, by, action, queue.arn()),
            Asker::Service(_) => Ok(()),
        }
    }
}

fn is_attribute(name: &str) -> bool {
    const SHOWN: [&str; 18] = [
        "All",
        "Policy",
        "VisibilityTimeout",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "CreatedTimestamp",
        "LastModifiedTimestamp",
        "QueueArn",
        "DelaySeconds",
        "ReceiveMessageWaitTimeSeconds",
        "RedrivePolicy",
        "RedriveAllowPolicy",
        "FifoQueue",
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "FifoThroughputLimit",
        "SqsManagedSseEnabled",
        "KmsMasterKeyId",
    ];
    SHOWN.contains(&name) || COUNTS.contains(&name) || name == "KmsDataKeyReusePeriodSeconds"
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.len() > MOST_TAGS {
        return Err(Error::Invalid(format!("Too many tags added for queue: at most {MOST_TAGS}.")));
    }
    let legal = |(key, value): (&String, &String)| {
        let lengths = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        lengths && !key.to_ascii_lowercase().starts_with("aws:")
    };
    if tags.iter().all(legal) {
        return Ok(());
    }
    let words = "Tag keys have 1 to 128 characters and do not begin with aws:, values have at most 256.";
    Err(Error::Invalid(words.to_owned()))
}
