//! Discriminators: read in each of their spellings, and sent as those of the branch.

use serde_json::{Value, json};
use workspace_tests::fixtures::round_trip;
use workspace_tests::fixtures::sent_discriminators::types::*;
use workspace_tests::fixtures::violation;

const FIXTURE: &str = "sent_discriminators";

fn sent<T: serde::Serialize>(value: T) -> String {
    serde_json::to_string(&value).expect("JSON")
}

#[test]
fn a_discriminator_comes_back_as_the_spelling_that_came() {
    for (schema, values) in [
        (
            "Pet",
            &[
                r#"{"kind":"cat","lives":7}"#,
                r##"{"kind":"#/components/schemas/Cat","lives":7}"##,
                r#"{"kind":"Cat"}"#,
                r#"{"kind":"dog","tricks":[]}"#,
                r#"{"kind":"wolf","tricks":["howl"]}"#,
                r#"{"kind":"Dog","tricks":[]}"#,
                // Of no branch, and not of the branch that it names.
                r#"{"kind":"fish","fins":2}"#,
                r#"{"kind":"cat","lives":"many","tricks":[]}"#,
                r#"{"kind":7}"#,
                "{}",
            ][..],
        ),
        (
            "Event",
            &[
                r#"{"type":"Opened","by":"ann"}"#,
                r#"{"type":"Closed","at":1}"#,
                r#"{"to":"x","type":"Moved"}"#,
                r##"{"seal":"x","type":"#/components/schemas/Sealed"}"##,
                r#"{"other":1,"type":"Free"}"#,
            ],
        ),
        (
            "Numbered",
            &[r#"{"number":1,"first":"a"}"#, r#"{"second":"b"}"#],
        ),
        (
            "Shape",
            &[
                r#"{"form":"circle","radius":1.5}"#,
                r#"{"form":"quad","side":1.5}"#,
                r#"{"side":1.5}"#,
                "{}",
            ],
        ),
        (
            "Node",
            &[
                r#"{"node":"leaf"}"#,
                r#"{"node":"Left","left":"x"}"#,
                r#"{"node":"Right","right":"x"}"#,
                r#"{"kind":"wolf","node":"pet"}"#,
            ],
        ),
        (
            "Vehicle",
            &[
                r#"{"vtype":"car","doors":5}"#,
                r#"{"vtype":"Car","doors":5}"#,
                r#"{"vtype":"Truck","load":1.5}"#,
                r#"{"vtype":"van","load":1.5,"parcels":3}"#,
                r#"{"vtype":"bus"}"#,
            ],
        ),
    ] {
        for json in values {
            let again = round_trip(FIXTURE, schema, json)
                .expect(schema)
                .expect(json);
            let values =
                [&again, *json].map(|text| serde_json::from_str::<Value>(text).expect(text));
            assert_eq!(values[0], values[1], "{schema}");
            assert_eq!(again.len(), json.len(), "{schema} {again}");
            assert_eq!(violation(FIXTURE, schema, json), None, "{schema}");
        }
    }
}

#[test]
fn a_branch_is_sent_with_its_own_discriminator_whatever_its_member_holds() {
    for (kind, expected) in [("", "cat"), ("dog", "cat"), ("Cat", "Cat"), ("cat", "cat")] {
        let pet = Pet::Cat(Cat::new(kind.to_owned()));
        assert_eq!(sent(pet), format!(r#"{{"kind":"{expected}"}}"#));
    }
    for (kind, expected) in [("cat", "dog"), ("hound", "dog"), ("wolf", "wolf")] {
        let pet = Pet::Dog(Dog::new(kind.into()));
        assert_eq!(sent(pet), format!(r#"{{"kind":"{expected}"}}"#));
    }
    let van = DeliveryVan::new("car".into());
    assert_eq!(sent(Vehicle::DeliveryVan(van)), r#"{"vtype":"van"}"#);
    let car = Car::new("Truck".into());
    assert_eq!(sent(Vehicle::Car(car.clone())), r#"{"vtype":"car"}"#);
    // By itself it is no branch.
    assert_eq!(sent(car), r#"{"vtype":"Truck"}"#);
    let square = Square {
        form: Some("circle".into()),
        ..Square::default()
    };
    assert_eq!(sent(Shape::Square(square)), r#"{"form":"square"}"#);
}

#[test]
fn a_branch_is_sent_with_its_own_discriminator_where_its_member_holds_nothing() {
    assert_eq!(
        sent(Event::Opened(Opened::default())),
        r#"{"type":"Opened"}"#
    );
    for kind in [None, Some(None)] {
        let closed = Closed {
            type_: kind,
            ..Closed::default()
        };
        assert_eq!(sent(Event::Closed(closed)), r#"{"type":"Closed"}"#);
    }
    let moved = Moved::new("x".to_owned());
    assert_eq!(sent(Event::Moved(moved)), r#"{"to":"x","type":"Moved"}"#);
    let sealed = Sealed::new("x".to_owned());
    assert_eq!(
        sent(Event::Sealed(sealed)),
        r#"{"seal":"x","type":"Sealed"}"#
    );
    let free = Free([("a".to_owned(), json!(1).into())].into());
    assert_eq!(sent(Event::Free(free)), r#"{"a":1,"type":"Free"}"#);
    // A constant that is no declared discriminator is sent if the caller sets it.
    assert_eq!(sent(Shape::Circle(Circle::default())), "{}");
}

#[test]
fn a_union_in_a_union_is_sent_with_the_discriminators_of_both() {
    let node = Node::Pet(Pet::Dog(Dog::new("cat".into())));
    assert_eq!(sent(node), r#"{"kind":"dog","node":"pet"}"#);
    let node = Node::Branch(Branch::Right(Right::default()));
    assert_eq!(sent(node), r#"{"node":"Right"}"#);
    let left = Left {
        node: Some("leaf".to_owned()),
        ..Left::default()
    };
    assert_eq!(sent(Node::Branch(Branch::Left(left))), r#"{"node":"Left"}"#);
}

#[test]
fn an_unknown_branch_is_sent_as_it_is() {
    let json = r#"{"kind":"fish","fins":[1.50]}"#;
    let pet = Pet::Unrecognized(serde_json::from_str(json).expect("JSON"));
    assert_eq!(sent(&pet), json);
    assert_eq!(sent(vec![Node::Pet(pet)]), format!("[{json}]"));
}
