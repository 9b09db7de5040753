//! Methods and paths, from AWS's model of the service.

use crate::operation::Route;

const fn route(
    method: &'static str,
    path: &'static str,
    operation: &'static str,
    query: &'static [(&'static str, &'static str, bool)],
) -> Route {
    Route { method, path, operation, query }
}

const PAGE: [(&str, &str, bool); 3] = [
    ("NextToken", "NextToken", false),
    ("MaxResults", "MaxResults", false),
    ("NamePrefix", "NamePrefix", false),
];

pub(super) static ROUTES: &[Route] = &[
    route("POST", "/schedules/{Name}", "CreateSchedule", &[]),
    route("PUT", "/schedules/{Name}", "UpdateSchedule", &[]),
    route("GET", "/schedules/{Name}", "GetSchedule", &[("groupName", "GroupName", false)]),
    route(
        "DELETE",
        "/schedules/{Name}",
        "DeleteSchedule",
        &[("groupName", "GroupName", false), ("clientToken", "ClientToken", false)],
    ),
    route(
        "GET",
        "/schedules",
        "ListSchedules",
        &[PAGE[0], PAGE[1], PAGE[2], ("ScheduleGroup", "GroupName", false), ("State", "State", false)],
    ),
    route("POST", "/schedule-groups/{Name}", "CreateScheduleGroup", &[]),
    route("GET", "/schedule-groups/{Name}", "GetScheduleGroup", &[]),
    route(
        "DELETE",
        "/schedule-groups/{Name}",
        "DeleteScheduleGroup",
        &[("clientToken", "ClientToken", false)],
    ),
    route("GET", "/schedule-groups", "ListScheduleGroups", &PAGE),
    route("GET", "/tags/{ResourceArn}", "ListTagsForResource", &[]),
    route("POST", "/tags/{ResourceArn}", "TagResource", &[]),
    route("DELETE", "/tags/{ResourceArn}", "UntagResource", &[("TagKeys", "TagKeys", true)]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::SERVICE;

    #[test]
    fn every_operation_has_one_route() {
        for operation in SERVICE.operations {
            let of_it = ROUTES.iter().filter(|route| route.operation == operation.name);
            assert_eq!(of_it.count(), 1, "{}", operation.name);
        }
        assert_eq!(ROUTES.len(), SERVICE.operations.len());
    }
}
