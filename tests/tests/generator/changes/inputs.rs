//! Inputs of an operation, the same in each location: an optional one is a setter of the builder and a required one an
//! argument of the method, with each way to write its value and each location.

use serde_json::{Value, json};

use super::case::Case;

/// A place that something called `q` can be in.
struct Place {
    /// As it is called, which is unlike any other place.
    title: &'static str,
    /// As a change calls it.
    told: &'static str,
    /// The parameter without its schema; `null` for a part of a form.
    parameter: Value,
    schema: Value,
    /// The type of its value, as a change calls it.
    takes: &'static str,
    /// The value that a caller passes to the setter, and as an argument.
    passes: (&'static str, &'static str),
}

fn places() -> Vec<Place> {
    let text = || json!({ "type": "string" });
    let texts = || json!({ "type": "array", "items": text() });
    let object = || json!({ "type": "object", "properties": { "a": text() } });
    let place = |title, told, parameter, schema, (takes, setter, argument)| Place {
        title,
        told,
        parameter,
        schema,
        takes,
        passes: (setter, argument),
    };
    let a_text = ("`string`", r#""a""#, r#""a""#);
    let a_list = ("`[string]`", r#"["a"]"#, r#"vec!["a".to_owned()]"#);
    let object_type = "types::Get42Q::default()";
    let an_object = ("`Get42Q`", object_type, object_type);
    let file = json!({ "type": "string", "format": "binary" });
    let file_part = r#"client::FilePart::from_bytes("a", "a")"#;
    let a_file = ("a file", file_part, file_part);
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
            a_list,
        ),
        place(
            "a joined list in the query",
            query,
            json!({ "in": "query", "explode": false }),
            texts(),
            a_list,
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
                // An absent keyword is not left as it was.
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
        // The subjects of other cases are omitted, which keeps these small.
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
        passes: (setter, argument),
        ..
    } = place;
    let none = place.document(&Value::Null, false, false);
    let optional = place.document(&place.schema, false, false);
    let required = place.document(&place.schema, true, false);
    let deprecated = place.document(&place.schema, false, true);
    let number = place.document(&json!({ "type": "integer" }), false, false);
    let sets = format!("client.get_42(1).q({setter}).send().await?;");
    let passes = format!("client.get_42(1, {argument}).send().await?;");
    let without = "client.get_42(1).send().await?;";
    let another = format!("took {takes} and takes `i128`");
    let changes = [
        ("is added", &none, &optional, "additive", "is new", without),
        (
            "that is required is added",
            &none,
            &required,
            "breaking",
            "is new, and required",
            without,
        ),
        ("is removed", &optional, &none, "breaking", "is gone", &sets),
        (
            "that is required is removed",
            &required,
            &none,
            "breaking",
            "is gone",
            &passes,
        ),
        (
            "becomes required",
            &optional,
            &required,
            "breaking",
            "is required now",
            without,
        ),
        (
            "becomes optional",
            &required,
            &optional,
            "breaking",
            "is optional now",
            &passes,
        ),
        (
            "becomes another type",
            &optional,
            &number,
            "breaking",
            &another,
            &sets,
        ),
        (
            "is deprecated",
            &optional,
            &deprecated,
            "additive",
            "is deprecated",
            &sets,
        ),
        (
            "is no longer deprecated",
            &deprecated,
            &optional,
            "neutral",
            "is no longer deprecated",
            &sets,
        ),
    ];
    let case =
        |(what, old, new, class, words, caller): (&str, &Value, &Value, &str, &str, &str)| {
            let case = Case {
                old: old.clone(),
                new: new.clone(),
                changes: vec![format!("{class}: operation get_42, {told} q {words}")],
                caller: caller.to_owned(),
            };
            (format!("{title} {what}"), case)
        };
    changes.into_iter().map(case).collect()
}
