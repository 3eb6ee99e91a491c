//! Methods of fields: setters of structs that are sent, and getters of fields that may be absent or `null`.

use std::collections::BTreeMap;

use crate::server::Server;
use serde_json::{Value, json};
use workspace_tests::fixtures::accessors::Client;
use workspace_tests::fixtures::accessors::support::Json;
use workspace_tests::fixtures::accessors::types::{
    Colour, CreateNote, Names, Note, NoteFormat, Priority, ReadNames,
};

const ID: &str = "7f7e4431-66f4-4eb9-bc91-473994247fe4";
const TIME: &str = "2026-01-02T03:04:05Z";

fn bytes<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("JSON")
}

fn read<T: serde::de::DeserializeOwned>(json: &Value) -> T {
    serde_json::from_value(json.clone()).expect("a value of the type")
}

#[test]
fn a_setter_takes_a_value_and_an_option_of_one() {
    let note = CreateNote::new("Invoices".to_owned())
        .body("Due in May.")
        .tags(["paid", "2026"])
        .due(chrono::DateTime::UNIX_EPOCH)
        .limits(BTreeMap::from([("pages".to_owned(), 3)]))
        .anything(json!([1]))
        .pinned(true)
        .parent(CreateNote::new("Accounts".to_owned()))
        .source(CreateNote::new("Mail".to_owned()));
    assert_eq!(
        bytes(&note),
        concat!(
            r#"{"anything":[1],"body":"Due in May.","due":"1970-01-01T00:00:00Z","limits":{"pages":3},"#,
            r#""parent":{"title":"Accounts"},"pinned":true,"source":{"title":"Mail"},"tags":["paid","2026"],"title":"Invoices"}"#
        )
    );
    let some = CreateNote::new("Invoices".to_owned())
        .body(Some("Due in May."))
        .pinned(Some(true))
        .colour(Some(Colour::Red));
    let json = |note: CreateNote| bytes(&note.anything);
    let note = || CreateNote::new("Invoices".to_owned());
    assert_eq!(json(note().anything(Json::from(json!(1)))), "1");
    assert_eq!(json(note().anything(Value::Null)), "null");
    assert_eq!(note().anything(None::<Value>).anything, None);
    assert_eq!(
        bytes(&some),
        r#"{"body":"Due in May.","colour":"red","pinned":true,"title":"Invoices"}"#
    );
}

#[test]
fn a_setter_with_none_makes_a_member_absent_and_another_one_makes_it_null() {
    let note = || CreateNote::new("Invoices".to_owned()).colour(Colour::Green);
    assert_eq!(bytes(&note()), r#"{"colour":"green","title":"Invoices"}"#);
    assert_eq!(bytes(&note().colour(None)), r#"{"title":"Invoices"}"#);
    let null = note().colour_null();
    assert_eq!(bytes(&null), r#"{"colour":null,"title":"Invoices"}"#);
    assert_eq!(null.get_colour(), None);
    assert_eq!(null.colour, Some(None));
    assert_eq!(note().get_colour(), Some(&Colour::Green));
    assert_eq!(
        bytes(&note().colour_null().colour(None).body(None::<&str>)),
        r#"{"title":"Invoices"}"#
    );
}

#[test]
fn a_getter_reads_absent_and_null_as_none() {
    let absent: Note = read(&json!({ "id": "1" }));
    let null = json!({
        "id": "1", "title": null, "author": null, "owner": null, "due": null, "tags": null, "colour": null, "parent": null
    });
    for note in [absent, read(&null)] {
        assert_eq!(
            (note.title(), note.author(), note.owner()),
            (None, None, None)
        );
        assert_eq!((note.due(), note.tags(), note.colour()), (None, None, None));
        assert_eq!((note.parent(), note.nothing()), (None, None));
    }
    let json = json!({
        "id": "1", "title": "Invoices", "author": ID, "owner": ID, "due": TIME, "tags": ["paid"], "colour": "red",
        "parent": { "id": "0" }
    });
    let note: Note = read(&json);
    assert_eq!(note.title(), Some("Invoices"));
    assert_eq!(note.author().map(|id| id.to_string()).as_deref(), Some(ID));
    // Ids are copied.
    let owner = note.owner().expect("an owner");
    assert_eq!(owner.to_string(), ID);
    assert_eq!(note.due().expect("a time").to_string(), TIME);
    assert_eq!(note.tags(), Some(&["paid".to_owned()][..]));
    assert_eq!(note.colour(), Some(&Colour::Red));
    assert_eq!(note.parent().map(|parent| &*parent.id), Some("0"));
    assert_eq!(serde_json::to_value(&note).expect("JSON"), json);
}

#[test]
fn a_getter_reads_the_default_of_an_absent_member_and_sends_none() {
    let json = json!({ "id": "1" });
    let note: Note = read(&json);
    assert!(!note.archived());
    assert_eq!((note.limit(), note.offset()), (20, -3));
    assert_eq!((note.ratio(), note.single()), (0.5, 1.5));
    assert_eq!(note.language(), r#"some "text" {} \"#);
    assert_eq!(note.format(), &NoteFormat::Plain);
    assert_eq!(note.priority(), Priority(5));
    assert!(note.labels().is_empty());
    assert_eq!(bytes(&note), r#"{"id":"1"}"#);
    // A default that is no value of the type, or no constant of Rust, has no getter.
    let _: (Option<i32>, Option<Colour>) = (note.too_large, note.unlisted);
    let _: Option<Vec<String>> = note.some_labels;
    let request = CreateNote::new("Invoices".to_owned());
    assert!(!request.get_pinned());
    assert_eq!(bytes(&request), r#"{"title":"Invoices"}"#);
}

#[test]
fn a_getter_with_a_default_reads_a_value_that_is_there() {
    let json = json!({
        "id": "1", "archived": true, "limit": 0, "offset": 0, "ratio": 0.0, "single": 0.0, "language": "", "format": "other",
        "priority": 0, "labels": ["a"], "mode": "loud", "size": 7, "shade": "green"
    });
    let note: Note = read(&json);
    assert!(note.archived());
    assert_eq!((note.limit(), note.offset(), note.language()), (0, 0, ""));
    assert_eq!(
        (note.format().as_str(), note.priority()),
        ("other", Priority(0))
    );
    assert_eq!((note.mode(), note.size()), (Some("loud"), Some(7)));
    assert_eq!(
        (note.shade(), note.labels()),
        (Some(&Colour::Green), &["a".to_owned()][..])
    );
}

#[test]
fn null_is_not_the_default() {
    let absent: Note = read(&json!({ "id": "1" }));
    assert_eq!((absent.mode(), absent.size()), (Some("quiet"), Some(1)));
    assert_eq!(absent.shade(), Some(&Colour::Red));
    let null: Note = read(&json!({ "id": "1", "mode": null, "size": null, "shade": null }));
    assert_eq!((null.mode(), null.size(), null.shade()), (None, None, None));
    assert_eq!(
        bytes(&null),
        r#"{"id":"1","mode":null,"shade":null,"size":null}"#
    );
}

#[test]
fn every_accessor_has_a_name_of_its_own() {
    let names = Names::new("x".to_owned())
        .with_new("1")
        .with_default("2")
        .with_clone_("3")
        .with_clone("4")
        .get_clone("5")
        .clone_null("6")
        .with_into(7)
        .with_from("8")
        .type_("9")
        .type_null("10")
        .extra("11")
        .value("12")
        .self_("13")
        .fit("14")
        .check("15")
        .read("16")
        .write("17")
        .with_add("18")
        .next("19")
        .is_new(false)
        .to_string("20");
    let sent = serde_json::to_value(&names).expect("JSON");
    let expected = json!({
        "required": "x", "new": "1", "default": "2", "clone": "3", "with_clone": "4", "get_clone": "5", "clone_null": "6",
        "into": 7, "from": "8", "type": "9", "type_null": "10", "extra": "11", "value": "12", "self": "13", "fit": "14",
        "check": "15", "read": "16", "write": "17", "add": "18", "next": "19", "is_new": false, "to_string": "20"
    });
    assert_eq!(sent, expected);
    assert_eq!(
        (names.get_default(), names.get_into(), names.get_is_new()),
        ("2", 7, false)
    );
    assert_eq!(
        (names.get_clone_(), names.get_type()),
        (Some("3"), Some("9"))
    );
    assert_eq!(names.clone().clone_null_().clone, Some(None));
    assert_eq!(names.type_null_().type_, Some(None));
}

#[tokio::test]
async fn what_was_not_set_is_not_sent() {
    let server = Server::json(200, json!({ "id": "1" })).await;
    let client = Client::new(&server.url).expect("a client");
    let request = CreateNote::new("Invoices".to_owned()).colour_null();
    let note = client.create_note(request).send().await.expect("a note");
    assert_eq!(note.limit(), 20);
    assert_eq!(server.only().body, r#"{"colour":null,"title":"Invoices"}"#);
}

#[test]
fn methods_that_every_type_has_are_not_hidden() {
    let names: ReadNames = read(&json!({ "required": "x", "default": "1", "to_string": "2" }));
    assert_eq!((names.get_new(), names.get_clone()), ("x", "y"));
    assert_eq!(
        (names.get_default_(), names.get_default()),
        (Some("1"), None)
    );
    assert_eq!(
        (names.to_string(), names.next(), names.get_as_ref()),
        (Some("2"), None, None)
    );
    let same: ReadNames = names.clone();
    assert_eq!(same, names);
}
