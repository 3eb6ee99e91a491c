//! Generates the client of an API description: `cargo run -- petstore.yaml`, in this folder.

use openapi_client_gen::{Error, Generator};

fn main() -> Result<(), Error> {
    let spec = std::env::args().nth(1).unwrap_or_else(|| "petstore.yaml".to_owned());
    let client = Generator::open(spec)?.crate_name("petstore").generate()?;
    println!("{}", client.write("petstore")?);
    Ok(())
}
