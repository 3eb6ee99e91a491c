//! Open enums keep what they don't know.

use codegen_runtime::example::Switch;

#[test]
fn a_known_value_becomes_its_variant_however_it_is_converted() {
    assert_eq!(Switch::from("on"), Switch::On);
    assert_eq!(Switch::from("on".to_owned()), Switch::On);
    assert_eq!("on".parse(), Ok(Switch::On));
    assert_eq!(
        serde_json::from_str::<Switch>("\"on\"").unwrap(),
        Switch::On
    );
}

#[test]
fn an_unknown_value_survives_a_round_trip() {
    let value: Switch = serde_json::from_str("\"half\"").unwrap();
    assert!(matches!(&value, Switch::Unrecognized(half) if half.as_str() == "half"));
    assert_eq!(value.as_str(), "half");
    assert_eq!(serde_json::to_string(&value).unwrap(), "\"half\"");
}

#[test]
fn formatting_shows_the_value_and_obeys_the_width() {
    assert_eq!(format!("[{:>4}]", Switch::Off), "[ off]");
    assert_eq!(format!("[{:<6}]", Switch::from("half")), "[half  ]");
}

#[test]
fn what_is_not_a_string_is_refused() {
    assert!(serde_json::from_str::<Switch>("1").is_err());
}
