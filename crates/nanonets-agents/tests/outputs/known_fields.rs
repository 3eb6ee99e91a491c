//! Objects without a known field, at any depth of the output.

use std::collections::{BTreeMap, HashMap};

use nanonets_agents::{Error, ErrorKind};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::{Service, completed};

#[derive(Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
struct Invoice {
    vendor: Option<Party>,
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    by_month: BTreeMap<String, Line>,
    payment: Option<Payment>,
    pair: Option<(f64, Line)>,
}

#[derive(Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
struct Party {
    name: Option<String>,
    address: Option<Box<Address>>,
}

#[derive(Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(default)]
struct Address {
    #[serde(alias = "town")]
    city: Option<String>,
}

#[derive(Debug, Default, PartialEq, Deserialize, schemars::JsonSchema)]
struct Line {
    sku: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Payment {
    Cash,
    Card { digits: Option<String> },
    Transfer(Address),
}

async fn of<T: DeserializeOwned>(json: impl std::fmt::Display) -> Result<T, Error> {
    let done = completed(format!(r#"{{"extracted_data":{json}}}"#)).await;
    done.extracted()
}

#[tokio::test]
async fn an_object_without_a_known_field_is_an_error_at_any_depth() {
    let part = json!({ "type": "text", "text": "Secret" });
    for (output, location) in [
        (json!({ "vendor": part }), "vendor"),
        (
            json!({ "vendor": { "name": "Secret", "address": part } }),
            "vendor.address",
        ),
        (json!({ "lines": [{ "sku": "a" }, part] }), "lines[1]"),
        (json!({ "by_month": { "may": part } }), "by_month.may"),
        (json!({ "payment": { "card": part } }), "payment.card"),
        (
            json!({ "payment": { "transfer": part } }),
            "payment.transfer",
        ),
        (json!({ "pair": [7, part] }), "pair[1]"),
        (part.clone(), "its top"),
    ] {
        // The type alone says so, for a task that is waited for by its id.
        let error = of::<Invoice>(&output).await.expect_err("an empty match");
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        let expected = format!(
            "{location} has none of the type's fields: it is {{text: string, type: string}}; "
        );
        assert!(error.to_string().contains(&expected), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("Secret"),
            "{error:?}"
        );
        let raw = error.raw_output().expect("what came");
        assert_eq!(raw.value().expect("JSON"), output);
        // Decoding without the check does not.
        raw.decode::<Invoice>().expect("an invoice");
    }
    for items in [json!([part]), json!([{ "lines": [] }, part])] {
        let service = Service::completed(json!({ "extracted_data": items }).to_string());
        let error = service.run().extract::<Vec<Invoice>>().await;
        let error = error.expect_err("an empty match").to_string();
        assert!(error.contains("] has none of the type's fields"), "{error}");
    }
}

#[tokio::test]
async fn an_object_with_a_known_field_or_without_keys_is_none_of_these() {
    let part = json!({ "sku": null, "type": "text" });
    let output = json!({
        "vendor": { "name": "v", "address": { "town": null, "more": {} } },
        "lines": [{}, part],
        "by_month": {},
        "payment": { "card": {} },
        "more": { "of": ["anything"] },
    });
    let invoice: Invoice = of(&output).await.expect("an invoice");
    assert_eq!(invoice.lines.len(), 2);
    assert_eq!(invoice.payment, Some(Payment::Card { digits: None }));
    // A schema that was sent knows no aliases.
    let output = output.to_string().replace("town", "city");
    let service = Service::completed(format!(r#"{{"extracted_data":[{output}]}}"#));
    let list: Vec<Invoice> = service.run().extract().await.expect("invoices");
    assert_eq!(list, [invoice]);
    let unit: Invoice = of(r#"{"payment":"cash"}"#).await.expect("an invoice");
    assert_eq!(unit.payment, Some(Payment::Cash));
}

#[tokio::test]
async fn an_array_is_no_struct_with_named_fields() {
    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Open {
        first: Option<Value>,
    }
    for json in [r#"[{"type":"text"}]"#, "[7]", r#"["v"]"#] {
        let error = of::<Open>(json).await.expect_err("an array").to_string();
        assert!(error.contains("its top is an array"), "{error}");
    }
    let error = of::<Vec<Open>>("[{},[]]").await;
    // Of blank values alone, there is no output at all.
    assert!(error.expect_err("blank").to_string().contains("is empty"));
    let error = of::<Vec<Open>>(r#"[{"first":1},[]]"#).await;
    let error = error.expect_err("an array").to_string();
    assert!(error.contains("[1] is an array"), "{error}");
}

#[tokio::test]
async fn nothing_is_known_of_maps_flattened_structs_and_enums_that_buffer() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it is only decoded")]
    struct Flat {
        vendor: Option<String>,
        #[serde(flatten)]
        rest: HashMap<String, Value>,
    }
    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    #[expect(dead_code, reason = "it is only decoded")]
    enum Tagged {
        Invoice { vendor: Option<String> },
    }
    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind", content = "body", rename_all = "snake_case")]
    #[expect(dead_code, reason = "it is only decoded")]
    enum Adjacent {
        Invoice { vendor: Option<String> },
    }
    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "it is only decoded")]
    enum Untagged {
        Number(f64),
        Invoice { vendor: Option<String> },
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it is only decoded")]
    struct Presence {
        vendor: IgnoredAny,
    }
    #[derive(Debug, Deserialize)]
    struct Unit {}
    let inner = r#"{"anything":{"at":[1]}}"#;
    of::<Vec<Flat>>(format!("[{inner}]")).await.expect("flat");
    of::<Vec<HashMap<String, Value>>>(format!("[{inner}]"))
        .await
        .expect("maps");
    of::<HashMap<String, IgnoredAny>>(inner)
        .await
        .expect("keys");
    of::<Vec<Value>>(format!("[{inner}]")).await.expect("JSON");
    of::<IgnoredAny>(inner).await.expect("anything");
    of::<Vec<Box<RawValue>>>(format!("[{inner}]"))
        .await
        .expect("text");
    of::<Vec<Tagged>>(r#"[{"kind":"invoice","anything":7}]"#)
        .await
        .expect("tagged");
    of::<Vec<Adjacent>>(r#"[{"kind":"invoice","body":{"vendor":"v"}}]"#)
        .await
        .expect("adjacently tagged");
    of::<Vec<Untagged>>(format!("[7,{inner}]"))
        .await
        .expect("untagged");
    of::<Presence>(r#"{"vendor":{"name":"v"}}"#)
        .await
        .expect("a key");
    of::<Unit>(inner).await.expect("a struct without fields");
}

#[tokio::test]
async fn values_of_every_kind_are_decoded_as_without_the_check() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Newtype(u128);
    #[derive(Debug, PartialEq, Deserialize)]
    struct Unit;
    #[derive(Debug, Deserialize)]
    struct Everything {
        least: i128,
        most: Newtype,
        small: (i8, u8, i16, u16, i32, u32, i64, u64, f32, f64),
        letter: char,
        text: String,
        escaped: Box<str>,
        bytes: Vec<u8>,
        unit: Unit,
        nothing: (),
        flag: Option<bool>,
        number: serde_json::Number,
        value: Value,
        raw: Box<RawValue>,
        raw_list: Vec<Option<Box<RawValue>>>,
        id: uuid::Uuid,
        at: chrono::DateTime<chrono::Utc>,
        keys: BTreeMap<u64, bool>,
        kinds: HashMap<Kind, Kind>,
    }
    #[derive(Debug, PartialEq, Eq, Hash, Deserialize)]
    enum Kind {
        One,
        Two(u8, u8),
    }
    let json = r#"{"least":-170141183460469231731687303715884105728,
        "most":340282366920938463463374607431768211455, "small":[-1,2,-3,4,-5,6,-7,8,9.5,10.25],
        "letter":"\u00e9","text":"plain","escaped":"a\nb","bytes":[1,255],"unit":null,"nothing":null,"flag":true,
        "number":12345678901234567890,"value":{"a":[1,{"b":null}]},"raw":{"c": 0.12345678901234567890},
        "raw_list":[1E400,null],"id":"22222222-2222-4222-8222-222222222222","at":"2026-01-01T00:00:00Z",
        "keys":{"7":false},"kinds":{"One":{"Two":[1,2]}}}"#;
    let all: Everything = of(json).await.expect("all of it");
    assert_eq!((all.least, all.most), (i128::MIN, Newtype(u128::MAX)));
    assert_eq!(all.small, (-1, 2, -3, 4, -5, 6, -7, 8, 9.5, 10.25));
    assert_eq!((all.letter, all.text.as_str()), ('é', "plain"));
    assert_eq!((&*all.escaped, all.bytes), ("a\nb", vec![1, 255]));
    assert_eq!((all.unit, all.nothing, all.flag), (Unit, (), Some(true)));
    assert_eq!(all.number.to_string(), "12345678901234567890");
    assert_eq!(all.value, json!({ "a": [1, { "b": null }] }));
    assert_eq!(all.raw.get(), r#"{"c": 0.12345678901234567890}"#);
    let texts: Vec<_> = all.raw_list.iter().flatten().map(|raw| raw.get()).collect();
    assert_eq!(texts, ["1E400"]);
    assert_eq!(all.id.as_u128() >> 96, 0x2222_2222);
    assert_eq!(all.at.timestamp(), 1_767_225_600);
    assert_eq!(all.keys, BTreeMap::from([(7, false)]));
    assert_eq!(all.kinds, HashMap::from([(Kind::One, Kind::Two(1, 2))]));
}

#[tokio::test]
async fn a_schema_that_was_sent_rejects_them_at_any_depth_too() {
    let line = json!({ "type": "object", "properties": { "sku": { "type": "string" } } });
    let open =
        json!({ "type": "object", "properties": { "sku": {} }, "additionalProperties": true });
    let schema = json!({ "type": "object", "properties": {
        "lines": { "type": "array", "items": line },
        "first": { "anyOf": [line, { "type": "null" }] },
        "either": { "anyOf": [line, true] },
        "listed": { "allOf": [line, { "properties": { "qty": {} } }] },
        "other": { "$ref": "#/$defs/other" },
        "elsewhere": { "$ref": "https://example.com/schema", "properties": { "sku": {} } },
        "open": open,
        "map": { "type": "object" },
    }, "$defs": { "other": line } });
    let part = json!({ "type": "text" });
    for (output, location) in [
        (json!({ "lines": [{ "sku": "a" }, part] }), Some("lines[1]")),
        (json!({ "first": part }), Some("first")),
        (json!({ "listed": part }), Some("listed")),
        (json!({ "other": part }), Some("other")),
        (json!({ "data": part }), Some("its top")),
        (json!({ "lines": [{}, { "sku": "a", "more": part }] }), None),
        (json!({ "first": null }), None),
        (json!({ "either": part }), None),
        (json!({ "listed": { "qty": 7 } }), None),
        (json!({ "elsewhere": part }), None),
        (json!({ "open": part }), None),
        (json!({ "map": part }), None),
    ] {
        let service = Service::completed(json!({ "extracted_data": output }).to_string());
        let run = service.run().output_schema(&schema);
        let result = run.extract_as::<Value>().await;
        match (result, location) {
            (Ok(value), None) => assert_eq!(value, output),
            (Err(error), Some(location)) => {
                let expected = format!("that was sent, {location} has none of the fields, but `");
                assert!(error.to_string().contains(&expected), "{error}");
            }
            (result, _) => panic!("{output}: {result:?}"),
        }
    }
}
