//! Unions that a discriminator tells apart: its value decides, and nothing is lost of what nobody knows yet.

use crate::server::Server;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use workspace_tests::fixtures::discriminators::types::{
    Animal, Owner, OwnerPerhaps, OwnerPet, Pet,
};
use workspace_tests::fixtures::{combined_unions, discriminators, shared_fields, unions};

fn decode<T: DeserializeOwned>(json: &Value) -> T {
    serde_json::from_value(json.clone()).expect("a value of the type")
}

fn again<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("JSON")
}

#[tokio::test]
async fn the_member_is_the_one_that_the_mapping_names() {
    let json = json!({ "petType": "dog", "name": "Rex", "bark": true });
    let server = Server::json(200, json.clone()).await;
    let client = discriminators::Client::new(&server.url).expect("a client");
    let answer = client.get_pet().send().await.expect("a success");
    let pet = answer.into_inner();
    assert!(matches!(&pet, Pet::Dog(dog) if dog.bark == Some(true)));
    assert_eq!(again(&pet), json);
}

#[test]
fn a_mapping_may_name_a_schema_more_than_once_and_without_a_reference() {
    for kind in ["cat", "kitten", "Cat"] {
        let json = json!({ "petType": kind, "name": "Tom" });
        assert!(matches!(decode::<Pet>(&json), Pet::Cat(_)), "{kind}");
    }
}

#[test]
fn without_a_mapping_the_values_are_the_names_of_the_schemas() {
    let owner: Owner = decode(&json!({
        "pet": { "petType": "Dog", "name": "Rex", "bark": false }, "perhaps": { "petType": "Cat", "name": "Tom" }
    }));
    assert!(matches!(owner.pet, Some(OwnerPet::Dog(dog)) if dog.bark == Some(false)));
    assert!(matches!(owner.perhaps, Some(Some(OwnerPerhaps::Cat(_)))));
    assert_eq!(
        decode::<Owner>(&json!({ "perhaps": null })).perhaps,
        Some(None)
    );
}

#[test]
fn without_a_mapping_the_values_are_those_that_the_property_can_have() {
    let fish = json!({ "kind": "fish", "fins": 2, "size": 1 });
    assert!(matches!(decode::<Animal>(&fish), Animal::Fish(fish) if fish.fins == 2));
    let bird = json!({ "kind": "bird", "wings": 2 });
    assert!(matches!(decode::<Animal>(&bird), Animal::Bird(bird) if bird.wings == Some(2)));
}

#[test]
fn a_value_that_two_members_claim_is_the_one_that_knows_more_of_it() {
    let both = json!({ "kind": "both", "fins": 2 });
    assert!(matches!(decode::<Animal>(&both), Animal::Fish(_)));
    let both = json!({ "kind": "both", "wings": 2 });
    assert!(matches!(decode::<Animal>(&both), Animal::Bird(_)));
}

#[test]
fn an_object_of_an_unknown_kind_is_kept_and_sent_back_as_it_came() {
    let json = json!({ "petType": "bird", "name": "Tweety", "song": ["la", { "deep": 1 }] });
    let pet: Pet = decode(&json);
    let Pet::Unrecognized(unknown) = &pet else {
        panic!("an unknown pet was expected")
    };
    assert_eq!(*unknown, json);
    assert_eq!(again(&pet), json);
    assert!(!format!("{pet:?}").contains("Tweety"));
    let owner = json!({ "pets": [json, { "petType": "cat", "name": "Tom" }] });
    assert_eq!(again(&decode::<Owner>(&owner)), owner);
}

#[test]
fn a_value_of_no_member_is_kept_and_fails_no_answer() {
    for json in [
        json!({ "petType": "dog" }),
        json!({ "name": "Tom" }),
        json!(7),
    ] {
        let pet: Pet = decode(&json);
        assert!(matches!(&pet, Pet::Unrecognized(_)), "{pet:?}");
        assert_eq!(again(&pet), json);
    }
}

#[test]
fn a_schema_that_is_called_otherwise_in_rust_keeps_its_value_of_the_discriminator() {
    use workspace_tests::fixtures::shadowing_names::types::{Choice, SharedName, String};

    let json = json!({ "choice": { "kind": "Err", "b": "00000000-0000-0000-0000-000000000001" } });
    let value: String = decode(&json);
    assert!(matches!(&value.choice, Some(Choice::Err(err)) if err.b.is_some()));
    assert_eq!(again(&value), json);
    let json = json!({ "second": { "first": "a" } });
    assert_eq!(again(&decode::<SharedName>(&json)), json);
}

#[test]
fn what_a_union_says_of_other_fields_takes_none_from_its_members() {
    let circle = json!({ "kind": "circle", "radius": 2.0 });
    let all = json!({ "closed": circle, "typed": circle, "kept": circle });
    let all: unions::types::Unions = decode(&all);
    assert!(
        matches!(&all.closed, Some(unions::types::Closed::Circle(circle)) if circle.radius == 2.0)
    );
    assert!(
        matches!(&all.typed, Some(unions::types::Typed::Circle(circle)) if circle.radius == 2.0)
    );
    assert!(matches!(&all.kept, Some(unions::types::Kept::Circle(circle)) if circle.radius == 2.0));
}

#[test]
fn an_object_whose_union_is_about_presence_stays_one_type() {
    let json = json!({ "a": "1", "c": "2" });
    let rules: unions::types::Rules = decode(&json);
    assert_eq!(rules.a.as_deref(), Some("1"));
    assert_eq!(again(&rules), json);
}

#[test]
fn a_closed_member_takes_no_unknown_field_if_another_member_fits() {
    use unions::types::{Described, Note};

    let closed = json!({ "text": "a", "author": "b" });
    assert!(matches!(decode::<Described>(&closed), Described::Signed(_)));
    let open = json!({ "text": "a", "author": "b", "later": [1] });
    let decoded = decode::<Described>(&open);
    assert!(
        matches!(&decoded, Described::Note(Note { .. })),
        "{decoded:?}"
    );
    assert_eq!(again(&decoded), open);
}

#[test]
fn constants_that_are_no_strings_are_held_to() {
    use unions::types::{Outcome, Versioned};

    let failed = json!({ "ok": false, "note": "n" });
    assert!(matches!(decode::<Outcome>(&failed), Outcome::Failed(_)));
    assert!(matches!(
        decode::<Outcome>(&json!({ "ok": true })),
        Outcome::Done(_)
    ));
    let second = json!({ "version": 2 });
    assert!(matches!(decode::<Versioned>(&second), Versioned::Second(_)));
    let later = json!({ "version": 3 });
    assert_eq!(again(&decode::<Versioned>(&later)), later);
}

#[test]
fn a_member_converts_into_its_union() {
    use unions::types::{Circle, CircleKind, Scalar, Shape};

    let shape = Shape::from(Circle::new(CircleKind::Circle, 2.0));
    assert_eq!(again(&shape), json!({ "kind": "circle", "radius": 2.0 }));
    assert_eq!(Scalar::from(7), Scalar::Integer(7));
    assert_eq!(Scalar::from("a".to_owned()), Scalar::String("a".to_owned()));
}

#[test]
fn a_text_is_the_member_whose_pattern_and_length_it_has() {
    use unions::types::Code;

    for (text, is_expected) in [
        (
            "AB",
            (|code| matches!(code, Code::Short(_))) as fn(&Code) -> bool,
        ),
        ("AB-1234", |code| matches!(code, Code::Long(_))),
        ("anything", |code| matches!(code, Code::Short(_))),
    ] {
        let code = decode::<Code>(&json!(text));
        assert!(is_expected(&code), "{code:?}");
        assert_eq!(again(&code), json!(text));
    }
}

#[test]
fn the_schemas_of_a_field_in_several_branches_are_merged() {
    use shared_fields::types::{All, NotedPaymentMethod, ParcelItems, Shipping};
    let payment = json!({ "method": { "iban": "DE00", "reason": "rent" }, "note": "May" });
    let node =
        json!({ "node": "a", "link": "b", "next": { "node": "c", "next": { "link": "d" } } });
    let invoice = json!({
        "meta": { "created": "today", "due": "tomorrow" },
        "owner": { "created": "today", "name": "Ada" },
        "kind": 7,
        "terms": null,
    });
    let all = json!({
        "payment": payment,
        "pages": [{ "one": "1", "two": "2" }],
        "node": node,
        "invoice": invoice,
        "model": "another",
        "details": { "width": 1, "grams": 2 },
        "color": "pink",
        "number": { "key": { "code": 7, "number": 7, "text": "7" } },
        "text": { "key": { "code": "7", "number": 7, "text": "7" } },
        "parcel": { "items": { "0": { "width": 1, "grams": 2 } } },
        "shipping": { "iban": "DE00" },
    });
    let decoded = decode::<All>(&all);
    let method = decoded
        .payment
        .as_ref()
        .and_then(|payment| payment.method.clone());
    assert!(matches!(method, Some(NotedPaymentMethod::Iban(iban)) if iban.iban == "DE00"));
    let next = decoded.node.as_ref().and_then(|node| node.next.as_ref());
    let last = next.and_then(|node| node.next.as_ref());
    assert_eq!(last.and_then(|node| node.link.as_deref()), Some("d"));
    let items = decoded
        .parcel
        .as_ref()
        .and_then(|parcel| parcel.items.as_ref());
    assert!(items.is_some_and(|items: &ParcelItems| items.x0.is_some()));
    assert!(matches!(&decoded.shipping, Some(Shipping::Iban(account)) if account.iban == "DE00"));
    assert_eq!(again(&decoded), all);
}

#[test]
fn each_combination_of_unions_that_meet_is_a_member_of_a_member() {
    use combined_unions::types::{
        Answer, AnswerPlace, AnswerPlaceIban, Number, Order, OrderCard, Paid, Person,
        PersonPayment, Ruled, Unnamed, UnnamedB,
    };
    let order = json!({ "card": "4711", "phone": "0123", "id": 1 });
    let Order::Card(OrderCard::Phone(decoded)) = decode(&order) else {
        panic!("a card and a phone were expected")
    };
    assert_eq!(
        (&*decoded.card, &*decoded.phone, decoded.id),
        ("4711", "0123", 1)
    );
    let person = json!({ "iban": "DE00", "name": "Ada" });
    let Person::Payment(PersonPayment::Iban(decoded)) = decode(&person) else {
        panic!("an account was expected")
    };
    assert_eq!(decoded.name.as_deref(), Some("Ada"));
    let place = json!({ "iban": "DE00", "mail": "a@b" });
    assert!(matches!(
        decode(&place),
        AnswerPlace::Iban(AnswerPlaceIban::Mail(_))
    ));
    assert!(matches!(decode(&json!(7)), Number::Integer(7)));
    let unnamed = json!({ "b": "b", "d": "d" });
    assert!(matches!(decode(&unnamed), Unnamed::B(UnnamedB::D(_))));
    let paid = json!({ "iban": "DE00", "on": "Monday" });
    assert!(matches!(decode(&paid), Paid::Iban(paid) if paid.on == "Monday"));
    let ruled = json!({ "card": "4711", "b": "b" });
    assert_eq!(decode::<Ruled>(&ruled).b.as_deref(), Some("b"));
    let answer = json!({
        "order": order, "person": person, "place": place, "number": 7, "unnamed": unnamed, "paid": paid, "ruled": ruled
    });
    assert_eq!(again(&decode::<Answer>(&answer)), answer);
}
