//! What can be set on a request, the same in each place: a setter is a setter to callers, whoever writes what it sets
//! and wherever that goes.

use serde_json::{Value, json};

use super::Case;

/// A place that something called `q` can be in.
struct Place {
    /// As it is called, which is unlike any other place.
    title: &'static str,
    /// As a change calls it.
    told: &'static str,
    /// The parameter without its schema; `null` for a part of a form.
    parameter: Value,
    schema: Value,
    /// What its setter takes.
    takes: &'static str,
    /// What a caller sets.
    sets: &'static str,
}

fn places() -> Vec<Place> {
    let text = || json!({ "type": "string" });
    let texts = || json!({ "type": "array", "items": text() });
    let object = || json!({ "type": "object", "properties": { "a": text() } });
    let place = |title, told, parameter, schema, (takes, sets)| Place {
        title,
        told,
        parameter,
        schema,
        takes,
        sets,
    };
    let a_text = ("`String`", r#""a""#);
    let any_texts = ("any number of `String`", r#"["a"]"#);
    let a_list = ("`Get42Q`", r#"vec!["a".to_owned()]"#);
    let an_object = ("`Get42Q`", "types::Get42Q::default()");
    let file = json!({ "type": "string", "format": "binary" });
    let a_file = ("`FilePart`", r#"client::FilePart::from_bytes("a", "a")"#);
    let json_in = |location| json!({ "in": location, "content": { "application/json": {} } });
    let query = "query parameter";
    vec![
        place(
            "a query parameter",
            query,
            json!({ "in": "query" }),
            text(),
            a_text,
        ),
        place(
            "a list in the query",
            query,
            json!({ "in": "query" }),
            texts(),
            any_texts,
        ),
        place(
            "a joined list in the query",
            query,
            json!({ "in": "query", "explode": false }),
            texts(),
            any_texts,
        ),
        place(
            "an object in the query",
            query,
            json!({ "in": "query" }),
            object(),
            an_object,
        ),
        place(
            "a deep object in the query",
            query,
            json!({ "in": "query", "style": "deepObject" }),
            object(),
            an_object,
        ),
        place(
            "JSON in the query",
            query,
            json_in("query"),
            object(),
            an_object,
        ),
        place(
            "a header",
            "header",
            json!({ "in": "header" }),
            text(),
            a_text,
        ),
        place(
            "a list in a header",
            "header",
            json!({ "in": "header" }),
            texts(),
            a_list,
        ),
        place(
            "an object in a header",
            "header",
            json!({ "in": "header" }),
            object(),
            an_object,
        ),
        place(
            "JSON in a header",
            "header",
            json_in("header"),
            object(),
            an_object,
        ),
        place(
            "a cookie",
            "cookie",
            json!({ "in": "cookie" }),
            text(),
            a_text,
        ),
        place("a part", "part", Value::Null, text(), a_text),
        place("a part of JSON", "part", Value::Null, object(), an_object),
        place("a file", "part", Value::Null, file, a_file),
    ]
}

impl Place {
    /// A document in which it is there, unless `schema` is null.
    fn document(&self, schema: &Value, required: bool, deprecated: bool) -> Value {
        let mut parameters = vec![
            json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }),
        ];
        let mut body = Value::Null;
        if self.parameter.is_null() {
            let required = if required { json!(["q"]) } else { Value::Null };
            let mut value = schema.clone();
            if let Value::Object(value) = &mut value {
                // What isn't said is not left as it was.
                for keyword in ["type", "format", "properties"] {
                    value.entry(keyword).or_insert(Value::Null);
                }
                value.insert("deprecated".to_owned(), json!(deprecated));
            }
            let form =
                json!({ "type": "object", "required": required, "properties": { "q": value } });
            body = json!({ "content": { "multipart/form-data": { "schema": form } } });
        } else if !schema.is_null() {
            let mut parameter = self.parameter.clone();
            parameter["name"] = json!("q");
            parameter["required"] = json!(required);
            parameter["deprecated"] = json!(deprecated);
            match parameter.pointer_mut("/content/application~1json") {
                Some(content) => content["schema"] = schema.clone(),
                None => parameter["schema"] = schema.clone(),
            }
            parameters.push(parameter);
        }
        let operation = json!({
            "parameters": parameters,
            "requestBody": body,
            "responses": { "200": { "content": null } },
        });
        // What other cases are about is left out, which keeps these small.
        json!({
            "paths": { "/things42": null, "/things42/{id}": { "get": operation } },
            "components": null,
        })
    }
}

/// Every change of every place.
pub fn cases() -> Vec<(String, Case)> {
    places().iter().flat_map(of).collect()
}

fn of(place: &Place) -> Vec<(String, Case)> {
    let Place {
        title,
        told,
        takes,
        sets,
        ..
    } = place;
    let none = place.document(&Value::Null, false, false);
    let there = place.document(&place.schema, false, false);
    let required = place.document(&place.schema, true, false);
    let deprecated = place.document(&place.schema, false, true);
    let number = place.document(&json!({ "type": "integer" }), false, false);
    let with = format!("client.get_42().id(1).q({sets}).send().await?;");
    let without = "sent(client.get_42().id(1).send().await)?;";
    let changes = [
        (
            "is added",
            &none,
            &there,
            "additive",
            "is new".to_owned(),
            without,
        ),
        (
            "that is required is added",
            &none,
            &required,
            "breaking when run",
            "is new, and required".to_owned(),
            without,
        ),
        (
            "is removed",
            &there,
            &none,
            "breaking",
            "is gone".to_owned(),
            &with,
        ),
        (
            "becomes required",
            &there,
            &required,
            "breaking when run",
            "is required now".to_owned(),
            without,
        ),
        (
            "need not be set any more",
            &required,
            &there,
            "additive",
            "need not be set any more".to_owned(),
            &with,
        ),
        (
            "becomes another type",
            &there,
            &number,
            "breaking",
            format!("took {takes} and takes `i64`"),
            &with,
        ),
        (
            "is deprecated",
            &there,
            &deprecated,
            "additive",
            "is deprecated".to_owned(),
            &with,
        ),
        (
            "is no longer deprecated",
            &deprecated,
            &there,
            "neutral",
            "is no longer deprecated".to_owned(),
            &with,
        ),
    ];
    let case =
        |(what, old, new, class, words, caller): (&str, &Value, &Value, &str, String, &str)| {
            let case = Case {
                old: old.clone(),
                new: new.clone(),
                tells: vec![format!("{class}: operation get_42, {told} q {words}")],
                caller: caller.to_owned(),
            };
            (format!("{title} {what}"), case)
        };
    changes.into_iter().map(case).collect()
}
