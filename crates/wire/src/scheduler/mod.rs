//! Amazon EventBridge Scheduler.

mod create_schedule;
mod create_schedule_group;
mod delete_schedule;
mod delete_schedule_group;
mod get_schedule;
mod get_schedule_group;
mod list_schedule_groups;
mod list_schedules;
mod list_tags_for_resource;
mod routes;
mod shape;
mod tag_resource;
mod untag_resource;
mod update_schedule;

use crate::{Protocol, Service, operation};

/// The service.
pub static SERVICE: Service = Service {
    signing: "scheduler",
    sdk: "Scheduler",
    protocol: Protocol::RestJson { routes: routes::ROUTES },
    invalid: "ValidationException",
    times: &["CreationDate", "EndDate", "LastModificationDate", "StartDate"],
    maps: &[],
    texts: &["Input"],
    errors: &[
        "ConflictException",
        "InternalServerException",
        "ResourceNotFoundException",
        "ServiceQuotaExceededException",
        "ThrottlingException",
        "ValidationException",
    ],
    operations: &[
        operation!(CreateSchedule => create_schedule::run),
        operation!(CreateScheduleGroup => create_schedule_group::run),
        operation!(DeleteSchedule => delete_schedule::run),
        operation!(DeleteScheduleGroup => delete_schedule_group::run),
        operation!(GetSchedule => get_schedule::run),
        operation!(GetScheduleGroup => get_schedule_group::run),
        operation!(ListScheduleGroups => list_schedule_groups::run),
        operation!(ListSchedules => list_schedules::run),
        operation!(ListTagsForResource => list_tags_for_resource::run),
        operation!(TagResource => tag_resource::run),
        operation!(UntagResource => untag_resource::run),
        operation!(UpdateSchedule => update_schedule::run),
    ],
};
