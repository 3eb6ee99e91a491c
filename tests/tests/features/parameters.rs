//! Parameters on the wire.

use crate::server::Server;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use workspace_tests::fixtures::{delimited_lists, integer_ranges, odd_names, parameters};

const ID: Uuid = Uuid::from_u128(1);

fn moment() -> DateTime<Utc> {
    "2026-01-02T03:04:05Z".parse().expect("a point in time")
}

#[tokio::test]
async fn paths_headers_and_queries_spell_values_as_json_does() {
    use parameters::types::{Colour, Moment, ThingId};

    let server = Server::silent().await;
    let client = parameters::Client::new(&server.url).expect("a client");
    client
        .look_up(
            moment(),
            Moment(moment().into()),
            "a b",
            "dark green",
            ID,
            NaiveDate::from_ymd_opt(2026, 1, 2).expect("a day"),
            -7,
            true,
            "x/ü?",
            Moment(moment().into()),
        )
        .x_moment(moment())
        .x_colour(Colour::from("unheard of"))
        .x_id(ThingId(ID))
        .x_count(3)
        .x_text("plain")
        .if_match("\"etag\"")
        .since(moment())
        .since_named(Moment(moment().into()))
        .filter_name("a&b")
        .ratio(0.5)
        .flag_query(false)
        .short("abc")
        .wrapped(Colour::Red)
        .send()
        .await
        .expect("a success");
    let request = server.only();
    let id = "00000000-0000-0000-0000-000000000001";
    assert_eq!(
        request.path,
        format!(
            "/at/2026-01-02T03:04:05Z/2026-01-02T03:04:05Z/a%20b/dark%20green/{id}/2026-01-02/-7/true/x%2F%C3%BC%3F.json"
        )
    );
    for (name, value) in [
        ("x-moment", "2026-01-02T03:04:05Z"),
        ("x-named", "2026-01-02T03:04:05Z"),
        ("x-colour", "unheard of"),
        ("x-id", id),
        ("x-count", "3"),
        ("x-text", "plain"),
        ("if-match", "\"etag\""),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
    assert_eq!(request.header("api-version"), None);
    assert_eq!(
        request.query,
        "since=2026-01-02T03%3A04%3A05Z&since_named=2026-01-02T03%3A04%3A05Z&filter%5Bname%5D=a%26b&ratio=0.5\
         &flag_query=false&short=abc&wrapped=red"
    );
}

#[tokio::test]
async fn an_invalid_parameter_is_named_and_nothing_is_sent() {
    use parameters::types::Moment;

    let server = Server::silent().await;
    let client = parameters::Client::new(&server.url).expect("a client");
    let look_up = |text: &str| {
        let (named, x_named) = (Moment(moment().into()), Moment(moment().into()));
        let day = NaiveDate::from_ymd_opt(2026, 1, 2).expect("a day");
        client.look_up(
            moment(),
            named,
            "a b",
            "red",
            ID,
            day,
            -7,
            true,
            text,
            x_named,
        )
    };
    for (request, complaint) in [
        (
            look_up("t").short("secret"),
            "`short` must have from 2 to 4 characters, not 6",
        ),
        (
            look_up("t").x_count(0),
            "`X-Count` must be at least 1, not 0",
        ),
        (look_up("t").x_text("secret\n"), "`X-Text`"),
        (look_up(""), "`text`"),
    ] {
        let error = request.send().await.expect_err("an error").to_string();
        assert!(error.contains(complaint), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn lists_are_joined_by_their_delimiter_or_repeated() {
    use delimited_lists::types::Numbers;

    let server = Server::silent().await;
    let client = delimited_lists::Client::new(&server.url).expect("a client");
    client
        .search(vec![ID, ID])
        .commas(["a", "b,c"])
        .bars(["a", "b|c"])
        .spaces(["a", "b c"])
        .numbers(Numbers(vec![1, 2]))
        .times([moment()])
        .colours(["red", "unheard of"])
        .repeated(["a", "b"])
        .bars_repeated([1, 2])
        .not_a_list("x,y")
        .send()
        .await
        .expect("a success");
    let query = server.only().query;
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    assert_eq!(
        pairs,
        [
            "bars=a|b%7Cc",
            "bars_repeated=1",
            "bars_repeated=2",
            "colours=red,unheard%20of",
            "commas=a,b%2Cc",
            "ids=00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000001",
            "not_a_list=x%2Cy",
            "numbers=1,2",
            "repeated=a",
            "repeated=b",
            "spaces=a%20b%20c",
            "times=2026-01-02T03%3A04%3A05Z",
        ]
    );
}

#[tokio::test]
async fn numbers_inside_their_range_are_sent() {
    use integer_ranges::types::PageSize;

    let server = Server::silent().await;
    let client = integer_ranges::Client::new(&server.url).expect("a client");
    let request = client
        .list_pages(-5)
        .both(100)
        .exclusive(1)
        .exact(7)
        .min_only(0)
        .fraction(0.5)
        .named(PageSize(50));
    request.send().await.expect("a success");
    assert_eq!(
        server.only().query,
        "both=100&min_only=0&exclusive=1&needed=-5&exact=7&fraction=0.5&named=50"
    );
}

#[tokio::test]
async fn a_number_outside_its_range_is_refused_in_words() {
    use integer_ranges::types::PageSize;

    let server = Server::silent().await;
    let client = integer_ranges::Client::new(&server.url).expect("a client");
    let list = || client.list_pages(0);
    for (request, complaint) in [
        (list().both(0), "`both` must be from 1 to 100, not 0"),
        (list().both(101), "`both` must be from 1 to 100, not 101"),
        (list().min_only(-1), "`min_only` must be at least 0, not -1"),
        (list().max_only(11), "`max_only` must be at most 10, not 11"),
        (
            list().exclusive(10),
            "`exclusive` must be from 1 to 9, not 10",
        ),
        (client.list_pages(6), "`needed` must be from -5 to 5, not 6"),
        (
            list().fraction(1.5),
            "`fraction` must be from 0.5 to 1, not 1.5",
        ),
        (
            list().named(PageSize(0)),
            "`named` must be from 1 to 50, not 0",
        ),
        (
            list().beyond(18_446_744_073_709_551_616),
            "`beyond` must be at most 18446744073709551615, not 18446744073709551616",
        ),
    ] {
        let error = request.send().await.expect_err("an error").to_string();
        assert!(error.contains(complaint), "{error}");
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn names_that_are_no_identifiers_keep_their_spelling_on_the_wire() {
    let server = Server::json(
        200,
        serde_json::json!({ "type": "t", "+1": 1, "self": "new" }),
    )
    .await;
    let client = odd_names::Client::new(&server.url).expect("a client");
    let body = odd_names::types::OddSchemaName {
        plus1: Some(1),
        x_y: Some("y".to_owned()),
        ..odd_names::types::OddSchemaName::new("t".to_owned())
    };
    let answer = client
        .odd_operation_v2("a", "b", "c")
        .url("u")
        .request("r")
        .client("c")
        .result("s")
        .value(["v"])
        .number(1)
        .x2nd("2")
        .q_uote("q")
        .list_x(["l", "m"])
        .async_("h")
        .body(body)
        .send()
        .await
        .expect("a success");
    assert_eq!(answer.plus1, Some(1));
    let request = server.only();
    assert_eq!(request.path, "/odd/a/b/c");
    assert_eq!(request.header("async"), Some("h"));
    assert_eq!(
        request.query,
        "url=u&request=r&client=c&result=s&value=v&number=1&2nd=2&q%22uote%7B%7D=q&list%20%22x%22%20%7B%7D=l,m"
    );
    let body = request.json();
    assert_eq!(
        (&body["type"], &body["+1"], &body["x-y"]),
        (&"t".into(), &1.into(), &"y".into())
    );
}

#[tokio::test]
async fn parameters_of_one_name_in_rust_each_have_a_setter() {
    use workspace_tests::fixtures::colliding_setters;

    let server = Server::silent().await;
    let client = colliding_setters::Client::new(&server.url).expect("a client");
    let request = client
        .list("p", 3)
        .max_keys(1)
        .max_keys_3(colliding_setters::types::ListMaxKeys::Few)
        .max_keys_2(["l"])
        .max_keys_cookie("c");
    let request = request.send_query(true).header_map("h");
    request.send().await.expect("a success");
    let request = server.only();
    assert_eq!(request.path, "/list/p");
    assert_eq!(
        request.query,
        "MaxKeys=1&max-keys=few&max_keys_2=l&send=true&header_map=h"
    );
    assert_eq!(request.header("max-keys"), Some("3"));
    assert_eq!(request.header("cookie"), Some("max_keys=c"));
}

#[tokio::test]
async fn a_part_that_is_called_like_a_parameter_has_a_setter() {
    use workspace_tests::fixtures::colliding_setters;

    let server = Server::silent().await;
    let client = colliding_setters::Client::new(&server.url).expect("a client");
    let form = client.upload_multipart().file_name("q").body("b");
    let form = form.file_name_part("p").new("n");
    form.send().await.expect("a success");
    let request = server.only();
    assert_eq!(request.query, "fileName=q&body=b");
    let body = String::from_utf8_lossy(&request.body);
    assert!(body.contains("name=\"file_name\"\r\n\r\np\r\n"), "{body}");
    assert!(body.contains("name=\"new\"\r\n\r\nn\r\n"), "{body}");
    let json = client.upload().body_query("b").file_name("q");
    let body = colliding_setters::types::UploadBody::default();
    json.body(body).send().await.expect("a success");
    let request = &server.received()[1];
    assert_eq!(
        (&*request.query, &*request.body),
        ("fileName=q&body=b", &b"{}"[..])
    );
}
