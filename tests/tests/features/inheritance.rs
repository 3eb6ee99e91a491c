//! Schemas that extend others, and unions inside of compositions: nothing of a value is lost.

use std::path::Path;

use openapi_client_gen::construct::construct;
use openapi_document::read::Document;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use workspace_tests::fixtures::inheritance::types::{
    Agreed, All, Article, Chosen, ChosenPerson, Closed, Draft, Drawn, DrawnPolygon, Folder,
    FolderChildrenItem, ManyArticles, OneArticle, Owned, Pet, Polygon, PostNoteBody,
    PostNoteBodyTarget, Published, Reachable, Refund, Shape,
};

fn decode<T: DeserializeOwned>(json: &Value) -> T {
    serde_json::from_value(json.clone()).expect("a value of the type")
}

fn again<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("JSON")
}

#[test]
fn a_base_that_lists_what_builds_on_it_is_one_of_that() {
    let json = json!({ "kind": "dog", "name": "Rex", "tricks": 3 });
    let pet = decode::<Pet>(&json);
    assert!(matches!(&pet, Pet::Dog(dog) if dog.name.as_deref() == Some("Rex")));
    assert_eq!(again(&pet), json);
    let json = json!({ "kind": "bird", "song": "la" });
    let pet = decode::<Pet>(&json);
    assert!(matches!(&pet, Pet::Bird(_)), "{pet:?}");
    assert_eq!(again(&pet), json);
}

#[test]
fn a_union_inside_of_a_composition_keeps_its_discriminator() {
    let json = json!({ "by": "bank", "iban": "DE00", "reason": { "text": "broken" } });
    let refund = decode::<Refund>(&json);
    assert!(matches!(
        &refund,
        Refund::Bank(bank) if bank.iban.as_deref() == Some("DE00")
            && bank.reason.as_ref().and_then(|reason| reason.text.as_deref()) == Some("broken")
    ));
    assert_eq!(again(&refund), json);
    let json = json!({ "by": "cheque", "number": "7" });
    let refund = decode::<Refund>(&json);
    assert!(matches!(refund, Refund::Unrecognized(_)));
    assert_eq!(again(&refund), json);
}

#[test]
fn a_union_within_a_union_is_discriminated_by_the_values_of_its_branches() {
    let json = json!({
        "shape": { "kind": "triangle", "height": 2.5 },
        "drawn": { "kind": "square", "side": 1.5, "color": "red" },
    });
    let all = decode::<All>(&json);
    assert!(
        matches!(&all.shape, Some(Shape::Polygon(Polygon::Triangle(_)))),
        "{all:?}"
    );
    assert!(
        matches!(&all.drawn, Some(Drawn::Polygon(DrawnPolygon::Square(square))) if square.color.as_deref() == Some("red")),
        "{all:?}"
    );
    assert_eq!(again(&all), json);
}

#[test]
fn any_of_several_objects_may_be_there_at_once() {
    let json = json!({ "id": "1", "mail": "a@b", "phone": "0123" });
    assert_eq!(again(&decode::<Reachable>(&json)), json);
    assert_eq!(
        again(&decode::<Reachable>(&json!({ "id": "1" }))),
        json!({ "id": "1" })
    );
}

#[test]
fn closed_branches_are_discriminated_by_their_fields() {
    let json = json!({ "id": "1", "b": "x" });
    let closed = decode::<Closed>(&json);
    assert!(matches!(&closed, Closed::OnlyB(_)), "{closed:?}");
    assert_eq!(again(&closed), json);
}

#[test]
fn two_ways_to_one_base_give_what_one_of_them_overrides() {
    let json =
        json!({ "left": { "value": 1, "other": "o" }, "right": { "value": 2, "other": "o" } });
    let all = decode::<All>(&json);
    assert_eq!(all.left.as_ref().and_then(|left| left.value), Some(1));
    assert_eq!(all.right.as_ref().and_then(|right| right.value), Some(2));
    assert_eq!(again(&all), json);
}

#[test]
fn a_field_is_null_only_where_all_that_describe_it_allow_that() {
    let json = json!({ "title": null });
    assert_eq!(decode::<Draft>(&json).title, None);
    serde_json::from_value::<Published>(json).expect_err("it has a title");
    let json = json!({ "maybe": null });
    assert_eq!(decode::<All>(&json).maybe, Some(None));
}

#[test]
fn what_may_be_null_is_not_what_the_same_parts_are_elsewhere() {
    let json = json!({ "owner": { "heading": "H", "name": "Ada" } });
    assert_eq!(again(&decode::<Owned>(&json)), json);
    serde_json::from_value::<Owned>(json!({ "owner": null })).expect_err("it has an owner");
}

#[test]
fn values_of_maps_are_merged() {
    let json = json!({ "labels": { "labels": { "a": { "value": "1", "other": "2" } } } });
    assert_eq!(again(&decode::<All>(&json)), json);
}

#[test]
fn a_default_is_sent_by_nobody_who_did_not_set_it() {
    assert_eq!(again(&decode::<All>(&json!({}))), json!({}));
    let json = json!({ "title": "T" });
    assert_eq!(again(&decode::<Published>(&json)), json);
    assert_eq!(again(&Published::new("T".to_owned())), json);
}

#[test]
fn the_default_that_is_documented_is_that_of_what_builds_on_the_base() {
    let document = Document::open(Path::new("fixtures/features/inheritance.yaml"));
    let api = construct(&document.expect("a document")).expect("a model");
    let default = |name: &str| {
        let mut types = api.types.iter();
        let found = types.find(|definition| definition.name == name);
        let Some(openapi_client_gen::api::Shape::Struct(object)) =
            found.map(|definition| &definition.shape)
        else {
            panic!("`{name}` is a struct")
        };
        let mut fields = object.fields.iter();
        let color = fields.find(|field| field.key == "color");
        color.and_then(|color| color.default.clone())
    };
    assert_eq!(default("Published").as_deref(), Some("\"blue\""));
    assert_eq!(default("Draft").as_deref(), Some("\"red\""));
}

#[test]
fn what_builds_on_a_base_is_what_it_is_where_the_base_stood() {
    let json =
        json!({ "id": "1", "children": [{ "id": "2", "children": [] }, { "id": "3", "size": 4 }] });
    let folder = decode::<Folder>(&json);
    let Some([first, second]) = folder.children.as_deref() else {
        panic!("two children were expected")
    };
    let FolderChildrenItem::Folder(first) = first else {
        panic!("a folder was expected")
    };
    assert_eq!(first.id, "2");
    assert!(matches!(second, FolderChildrenItem::File(file) if file.size == 4));
}

#[test]
fn a_branch_of_the_union_of_a_base_is_that_branch() {
    let json = json!({ "data": { "heading": "H" } });
    let one: Option<Article> = decode::<OneArticle>(&json).data;
    assert_eq!(one.map(|article| article.heading), Some("H".to_owned()));
    let json = json!({ "data": [{ "heading": "H" }] });
    let many: Option<Vec<Article>> = decode::<ManyArticles>(&json).data;
    assert_eq!(many.map(|many| many.len()), Some(1));
}

#[test]
fn two_unions_meet_where_their_branches_agree() {
    let json = json!({ "kind": "b", "b": "1", "d": "2" });
    let agreed = decode::<Agreed>(&json);
    assert!(matches!(&agreed, Agreed::KindB(both) if both.b == "1" && both.d == "2"));
    assert_eq!(again(&agreed), json);
    let json = json!({ "name": "Ada", "size": "L", "note": "N" });
    let chosen = decode::<Chosen>(&json);
    assert!(
        matches!(&chosen, Chosen::Person(ChosenPerson::Note(person)) if person.name == "Ada"),
        "{chosen:?}"
    );
    assert_eq!(again(&chosen), json);
}

#[test]
fn a_field_that_a_branch_only_requires_takes_any_value() {
    let json = json!({ "undescribed": { "tag": [1], "size": "L" } });
    assert_eq!(again(&decode::<All>(&json)), json);
}

#[test]
fn a_composition_in_a_body_is_called_by_where_it_stands() {
    let json = json!({ "target": { "by": "card", "note": "N" } });
    let target: Option<PostNoteBodyTarget> = decode::<PostNoteBody>(&json).target;
    assert_eq!(target.and_then(|target| target.note).as_deref(), Some("N"));
}
