//! What the server serves can be called by `aws-sdk:` tasks, under the names that AWS's SDK has for it.
#![allow(clippy::unwrap_used, reason = "a test may break off")]

use std::collections::BTreeSet;

use trainyard_lang::catalog::{self, Kind, Naming, Shape};
use trainyard_wire::{Service, aws_sdk, services_table::SERVICES};

/// Ours, of which AWS knows nothing.
fn is_own(service: &Service) -> bool {
    service.signing == "trainyard"
}

fn lower_first(name: &str) -> String {
    name[..1].to_ascii_lowercase() + &name[1..]
}

#[test]
fn every_operation_is_one_of_awss_and_can_be_called() {
    let mut count = 0;
    for service in SERVICES.iter().filter(|service| !is_own(service)) {
        let name = service.sdk.to_ascii_lowercase();
        let known = catalog::service(&name).unwrap_or_else(|| panic!("AWS has no `aws-sdk:{name}`"));
        assert_eq!(known.error_prefix(), service.sdk, "errors are named `{}.…`", known.error_prefix());
        for operation in service.operations {
            let action = lower_first(operation.name);
            assert!(known.operation(&action).is_some(), "AWS has no `aws-sdk:{name}:{action}`");
            assert!(aws_sdk::exists(&format!("aws-sdk:{name}:{action}")), "{name}:{action} is not found");
            count += 1;
        }
    }
    assert!(count > 100, "only {count} operations were looked at");
}

/// The SDK's names and the API's, where more than the first letter is another.
fn odd_names(shape: Shape<'_>, depth: usize, odd: &mut BTreeSet<(String, String)>) {
    if depth == 0 {
        return;
    }
    match shape.kind() {
        Kind::List(_, inner) | Kind::Map(_, inner) => odd_names(inner, depth - 1, odd),
        Kind::Object => {
            for member in shape.members() {
                let (sdk, api) = (member.name(Naming::Sdk), member.name(Naming::Api));
                if sdk != api {
                    odd.insert((sdk.to_owned(), api.to_owned()));
                }
                odd_names(member.shape(), depth - 1, odd);
            }
        }
        _ => {}
    }
}

#[test]
fn members_are_named_as_the_sdk_names_them() {
    for service in SERVICES.iter().filter(|service| !is_own(service)) {
        let known = catalog::service(&service.sdk.to_ascii_lowercase()).unwrap();
        let mut odd = BTreeSet::new();
        for operation in service.operations {
            let operation = known.operation(&lower_first(operation.name)).unwrap();
            for shape in [operation.input(), operation.output()].into_iter().flatten() {
                odd_names(shape, 5, &mut odd);
            }
        }
        let told: BTreeSet<_> = aws_sdk::odd_names(service)
            .iter()
            .map(|(sdk, api)| ((*sdk).to_owned(), (*api).to_owned()))
            .collect();
        assert_eq!(told, odd, "the names of {}", service.sdk);
    }
}
