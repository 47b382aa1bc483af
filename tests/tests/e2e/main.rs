//! The product on a real node.

use subtitle_tests::node::Node;

#[test]
fn node() -> anyhow::Result<()> {
    let node = Node::start("e2e", &|step| println!("{step}"))?;
    println!("{}", node.address());
    std::io::stdin().read_line(&mut String::new())?;
    Ok(())
}
