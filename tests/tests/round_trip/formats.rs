//! Texts of a format: read and written as they came, whether or not they are in it.

use std::net::IpAddr;

use chrono::NaiveDate;
use serde_json::Value;
use uuid::Uuid;
use workspace_tests::fixtures::formats::support::Formatted;
use workspace_tests::fixtures::formats::types::{Day, Holiday, Stay, StayId, StayPlan, StayRoom};
use workspace_tests::fixtures::round_trip;

const ID: Uuid = Uuid::from_u128(0x7f7e_4431_66f4_4eb9_bc91_4739_9424_7fe4);

/// A stay with a member, with its members in order.
fn stay(member: &str) -> String {
    let json: Value = serde_json::from_str(&format!(r#"{{"id":"{ID}",{member}}}"#)).expect("JSON");
    json.to_string()
}

fn again(json: &str) -> String {
    let again = round_trip("formats", "Stay", json).expect("a schema");
    again.expect(json)
}

#[test]
fn a_text_of_another_format_comes_back_as_it_came() {
    for (key, texts) in [
        (
            "from",
            &["2026-02-28", "2026-02-30", "0000-00-00", "", "soon"][..],
        ),
        ("until", &["28.02.2026", "2026-2-8"]),
        ("arrival", &["12:30:00Z", "noon"]),
        ("nights", &["P3D", "three"]),
        (
            "address",
            &[
                "192.0.2.1",
                "1.2.3.4/24",
                "::1",
                "0:0:0:0:0:0:0:1",
                "2001:DB8::1",
                "localhost",
            ],
        ),
        ("address4", &["192.0.2.1", "1.2.3.4/24"]),
        ("address6", &["::1", "2001:DB8::1", "fe80::1%eth0"]),
        ("key", &["AQI=", "not base64!"]),
        ("photo", &["any"]),
        ("site", &["https://example.com", "not a uri"]),
        ("mail", &["a@example.com", "nobody"]),
        ("host", &["example.com", "-"]),
        ("holiday", &["2026-02-28", "2026-02-30"]),
        ("room", &["7f7e4431-66f4-4eb9-bc91-473994247fe4", "12b"]),
        (
            "plan",
            &["7F7E4431-66F4-4EB9-BC91-473994247FE4", "full board"],
        ),
    ] {
        for text in texts {
            let json = stay(&format!(r#""{key}":"{text}""#));
            assert_eq!(again(&json), json);
        }
    }
    for member in [
        r#""until":null"#,
        r#""guests":["7f7e4431-66f4-4eb9-bc91-473994247fe4","","7"]"#,
        r#""meals":{"a":"2026-02-28","b":"never"}"#,
        r#""gateways":["192.0.2.1","gateway"]"#,
        r#""room":12"#,
    ] {
        assert_eq!(again(&stay(member)), stay(member));
    }
    for id in [
        "7F7E4431-66F4-4EB9-BC91-473994247FE4",
        "7f7e443166f44eb9bc91473994247fe4",
        "{7f7e4431-66f4-4eb9-bc91-473994247fe4}",
        "urn:uuid:7f7e4431-66f4-4eb9-bc91-473994247fe4",
        "7",
        "",
    ] {
        let json = format!(r#"{{"id":"{id}"}}"#);
        assert_eq!(again(&json), json);
    }
}

#[test]
fn a_text_in_the_format_is_its_value_however_it_is_spelled() {
    for id in [
        "7F7E4431-66F4-4EB9-BC91-473994247FE4",
        "{7f7e4431-66f4-4eb9-bc91-473994247fe4}",
    ] {
        let stay: Stay = serde_json::from_str(&format!(r#"{{"id":"{id}"}}"#)).expect("a stay");
        assert_eq!(stay.id.get(), Some(ID));
        assert_eq!(stay.id, ID);
        assert_eq!(stay.id, Formatted::from(ID));
        assert_eq!(stay.id.to_string(), id);
        assert_eq!(stay.id.other_text(), None);
    }
    let json = stay(r#""from":"2026-02-30","address":"::1","holiday":"2026-03-01""#);
    let stay: Stay = serde_json::from_str(&json).expect("a stay");
    let from = stay.from.expect("a day");
    assert_eq!((from.get(), from.other_text()), (None, Some("2026-02-30")));
    assert!(!format!("{from:?}").contains("2026"));
    let address = stay.address.and_then(|address| address.get());
    assert_eq!(address, Some(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])));
    let day = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a day");
    assert_eq!(stay.holiday, Some(Holiday::from(day)));
}

#[test]
fn a_branch_with_a_format_is_for_texts_in_it() {
    let json = stay(r#""room":"12b","plan":"full board""#);
    let read: Stay = serde_json::from_str(&json).expect("a stay");
    assert!(matches!(read.room, Some(StayRoom::Uuid(room)) if room.get().is_none()));
    assert!(matches!(read.plan, Some(StayPlan::String(plan)) if plan == "full board"));
    let json = stay(&format!(r#""plan":"{ID}""#));
    let read: Stay = serde_json::from_str(&json).expect("a stay");
    assert!(matches!(read.plan, Some(StayPlan::Uuid(plan)) if plan == ID));
}

#[test]
fn what_callers_pass_on_is_in_its_format() {
    fn is_copied<T: Copy>(_: T) {}
    is_copied(StayId(ID));
    let day = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a day");
    is_copied(Day(day));
    assert!("2026-02-30".parse::<Day>().is_err());
    assert!("7".parse::<Formatted<Uuid>>().is_err());
    let spelled: Formatted<Uuid> = "7F7E443166F44EB9BC91473994247FE4".parse().expect("a UUID");
    assert_eq!(
        serde_json::to_string(&spelled).expect("JSON"),
        r#""7F7E443166F44EB9BC91473994247FE4""#
    );
    assert!(serde_json::from_str::<Formatted<Uuid>>("7").is_err());
}
