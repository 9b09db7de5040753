//! Bytes are read as a CloudFormation template or refused with a reason; what was read can be expanded and ordered.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use trainyard_fuzz::bounded;
use trainyard_lang::template::Template;

fuzz_target!(|bytes: &[u8]| bounded(|| match Template::parse(bytes) {
    Ok(template) => {
        let files = template.definition_files();
        let texts = files.into_iter().map(|file| (file.path, "{}".to_owned())).collect();
        if let Ok(expanded) = template.expand(&texts) {
            assert!(!expanded.order().is_err_and(|found| found.is_empty()));
        }
        let _ = template.parameter_values(&BTreeMap::new());
    }
    Err(found) => assert!(!found.is_empty()),
}));
